/** Errors: SeriatimError has `code`, and `retryable`, which says whether the same request may succeed later. */

/** Codes of errors that go away (docs/reference/http.md, "Errors"). */
const RETRYABLE = new Set([
  "busy", "cap_reached", "draining", "memory_full", "no_workers", "not_ready", "too_many_clients", "unavailable",
]);

/** The base of all errors of this package. */
export class SeriatimError extends Error {
  constructor(message, code, { retryable = RETRYABLE.has(code), retryAfterMs = null, cause } = {}) {
    super(message, { cause });
    this.name = new.target.name;
    Object.assign(this, { code, retryable, retryAfterMs });
  }
}

/** The gateway refused a request; `param` names the field at fault, if it is one. */
export class RequestError extends SeriatimError {
  constructor(body, { status = null, retryAfterMs = null } = {}) {
    const { message = "the request was refused", code = "unknown", param = null } = body?.error ?? {};
    super(message, code ?? "unknown", { retryAfterMs });
    Object.assign(this, { status, param });
  }
}

/** A job ended before all of its text was spoken; `state` is failed, cancelled or timed_out. */
export class JobError extends SeriatimError {
  constructor(job, state, reason) {
    super(`job ${job} ended as ${state}: ${reason || "no reason was given"}`, `job_${state}`);
    Object.assign(this, { job, state, reason });
  }
}

/** The connection broke, or none could be opened; of a running job, it could not be resumed in time either. */
export class ConnectionLost extends SeriatimError {
  constructor(message, closeCode = null) {
    super(message, "connection_lost", { retryable: true });
    this.closeCode = closeCode;
  }
}
