"""Stories: what chance alone would seldom put in this order."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.machine.forwarders import STEPS
from tests.machine.machine import MOST_PROCESSES, OF_ONE_WRITER, Timelines
from tests.machine.vtex import UNKNOWN, Call
from tests.machine.world import CODES


class Stories(Timelines):
    """Tell the machine some stories, between and within which anything may still happen."""

    def _until_it_writes(self, parcel: str, code: str) -> list[Call]:
        """Have something to say go out, and return the writes that are on their way."""
        if not self.processes:
            self.start()
        self.hear(parcel, code, is_noticed=True)
        for _ in range(3):
            self._answer_reads()
        return [call for call in self.vtex.running if call.method == "PUT"]

    def _answer_reads(self) -> None:
        for call in [call for call in self.vtex.running if call.method == "GET"]:
            self.vtex.answer(call)
        self.loop.settle()

    @rule(
        parcel=OF_ONE_WRITER,
        code=st.sampled_from(CODES),
        how=st.sampled_from([*UNKNOWN, "crash"]),
        applied=st.booleans(),
        seconds=st.sampled_from([1, 6, 31]),
    )
    def break_a_write(self, parcel: str, code: str, how: str, applied: bool, seconds: int) -> None:
        """Lose the answer of a write, or the process that waits for it, before or after it was applied."""
        for call in self._until_it_writes(parcel, code):
            if how != "crash":
                self.vtex.answer(call, how, applied=applied)
            elif applied:
                self.vtex.apply(call)
        if how == "crash":
            while self.processes:
                self.crash(restarts=False, rewords=False)
            self.start()
        self.loop.settle()
        self.wait(seconds)

    @rule(parcel=OF_ONE_WRITER, codes=st.permutations("ABL"), how=st.sampled_from(UNKNOWN))
    def look_between_two_writes(self, parcel: str, codes: list[str], how: str) -> None:
        """Have a write accepted and the next one lost, before anybody knows what a write does to rows."""
        first, second, *_ = codes
        for call in self._until_it_writes(parcel, first):
            self.vtex.answer(call)
        self.loop.settle()
        for call in self._until_it_writes(parcel, second):
            self.vtex.answer(call, how)
        self.loop.settle()
        self.wait(6)
        self._answer_reads()

    @rule(codes=st.permutations("ABL"))
    def outlive_an_order(self, codes: list[str]) -> None:
        """Have an order vanish until its shipment is given up, and its carrier speak on: nobody hears of that."""
        self.lose_an_order()
        for code in codes[:2]:
            self.hear("P3", code, is_noticed=True)
            self.rest()

    @rule(code=st.sampled_from("BTL"))
    def repeat_what_others_told(self, code: str) -> None:
        """Have a carrier tell, after others' rows were read, what one of them may have told already."""
        self.index(("v2-01", "1"))
        for each in (code, "A"):
            self.hear("P3", each, is_noticed=True)
            self.rest()

    @rule(parcel=OF_ONE_WRITER, codes=st.permutations("ABTL"), step=st.sampled_from(STEPS))
    def come_too_late(self, parcel: str, codes: list[str], step: tuple[str, str]) -> None:
        """Have a process go on where it hung after its lease ended, while another one writes."""
        first, second, *_ = codes
        if not self.processes:
            self.start()
        for process in self.processes:
            process.wire.trap = step
        for call in self._until_it_writes(parcel, first):
            self.vtex.answer(call)
        self.loop.settle()
        late = self.held()
        for process in self.processes:
            process.wire.trap = None
        if len(self.processes) < MOST_PROCESSES:
            self.start()
        self.wait(31)
        self._until_it_writes(parcel, second)
        for held in late:
            if not held.verdict.done():
                held.verdict.set_result(True)
        self.loop.settle()
        for _ in range(3):
            self.wait(6)
            self._answer_reads()
