/** The main module of the operator's page: pools, jobs, and the timeline of the job in the URL. */

import { listJobs, refreshJobs } from "./job-list.js";
import { setUpKeyDialog } from "./key-dialog.js";
import { announce, showNotice } from "./notices.js";
import { showPools } from "./pool-list.js";
import { watchPools } from "./pool-watch.js";
import { TimelineView } from "./timeline-view.js";

const JOB = /^[0-9a-f]{32}(x[a-z0-9]{1,16})?$/;

let job = "";
let closeTimeline = new AbortController();

function openTimeline(id) {
  closeTimeline.abort();
  closeTimeline = new AbortController();
  job = id;
  const opened = new URL(location);
  opened.searchParams.set("job", job);
  history.replaceState(null, "", opened);
  document.getElementById("timeline-section").hidden = false;
  document.getElementById("listen-link").href = `./?job=${job}`;
  new TimelineView(job, closeTimeline.signal).watch();
  refreshJobs();
}

setUpKeyDialog();
const asked = new URL(location).searchParams.get("job") ?? "";
if (JOB.test(asked)) openTimeline(asked);
listJobs({ onOpen: openTimeline, isOpen: (id) => id === job, announce: showNotice });
watchPools({ onPools: showPools, announce });
