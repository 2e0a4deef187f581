"""Repetition in a sentence's codes: the model goes round in a circle and will not leave it."""

#: longest period of a loop, in codes: 1.5 s, a short phrase
LOOP_PERIOD = 32
#: codes that three or more exact repeats must cover to be a loop. Speech never repeats its codes exactly for a second,
#: not even in "no, no, no". A pause does, with periods of one or two, for as long as an ellipsis lasts.
LOOP_CODES, LOOP_PAUSE_CODES = 24, 48


class RepetitionDetector:
    """Whether codes repeat."""

    def __init__(self) -> None:
        self.period = 0  #: of the loop that was found, in codes; 0: none
        self.first_repeat = 0  #: which code begins the loop's second round
        self._codes: list[int] = []
        self._equal = [0] * (LOOP_PERIOD + 1)  # per period, how many codes in a row were what they were a period ago

    @property
    def n_codes(self) -> int:
        return len(self._codes)

    def add(self, code: int) -> None:
        self._codes.append(code)
        n = len(self._codes)
        for period in range(1, min(LOOP_PERIOD, n - 1) + 1):
            self._equal[period] = self._equal[period] + 1 if self._codes[n - 1 - period] == code else 0
            covered = self._equal[period] + period
            if not self.period and covered >= max(3 * period, self._least_covered(period)):
                self.period, self.first_repeat = period, n - covered + period

    def _least_covered(self, period: int) -> int:
        """How many codes repeats of this period must cover: more where each is but a code or two, again and again."""
        simple = period <= 2 or self._equal[1] >= period - 1 or self._equal[2] >= period - 2
        return LOOP_PAUSE_CODES if simple else LOOP_CODES
