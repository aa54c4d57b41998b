"""Engagement by going through users one by one, with sets."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import combinations
from typing import Any

from batch_jobs.engagement.limits import Limits
from batch_jobs.star.schema import DIMENSIONS
from tests.batch_jobs.cohorts.lives import Life, day_of, first_paid, first_trial, latest
from tests.batch_jobs.cohorts.oracle import first_of, members_of, next_of

Piece = tuple[str, ...]
ALL: Piece = ("all", "all", "", "")
Steps = Callable[[Life], tuple[int | None, tuple[int, ...]]]
UNPAID = ("free", "trial", "none")


def top(lives: Sequence[Life], as_of: int, limit: int) -> dict[str, list[str]]:
    found = {}
    for place, name in enumerate(DIMENSIONS):
        counted: Counter[str] = Counter()
        for life in lives:
            if life.origin(as_of) is not None:
                counted.update(v for v in (life.at_origin()[place], latest(life, name, as_of)) if v)
        found[name] = sorted(counted, key=lambda v: (-counted[v], v))[:limit]
    return found


class Told:
    """Everything about some lives as of a day."""

    def __init__(self, lives: Sequence[Life], as_of: int, inactivity: int, limits: Limits) -> None:
        self.lives = [life for life in lives if life.origin(as_of) is not None]
        self.as_of, self.inactivity, self.limits = as_of, inactivity, limits
        self.active = [set(life.active(as_of)) for life in self.lives]
        self.top = top(lives, as_of, limits.values)
        days = [
            d
            for life in self.lives
            for d in (*life.days, *((life.signup,) if life.signup is not None else ()))
        ]
        self.begins = min((d for d in days if d < as_of), default=as_of)

    def label(self, name: str, value: str | None, limit: int | None = None) -> str:
        if not value:
            return "unknown"
        return value if value in self.top[name][:limit] else "other"

    def on(self, user: int, day: int) -> dict[str, str | None]:
        """Of a day of a user."""
        life = self.lives[user]
        what = life.days.get(day)
        said = {"plan": None, "platform": None, "geography": None}
        if what is not None:
            said = {name: getattr(what, name) or None for name in said}
        return {
            name: said.get(name) or value for name, value in zip(DIMENSIONS, life.at_origin(), strict=True)
        }

    def pieces(self, said: dict[str, str | None], pairs: bool = False) -> Iterable[Piece]:
        yield ALL
        for name in DIMENSIONS:
            yield (name, self.label(name, said[name]), "", "")
        if pairs:
            some = self.limits.paired
            for a, b in combinations(DIMENSIONS, 2):
                yield (a, self.label(a, said[a], some), b, self.label(b, said[b], some))

    def last_before(self, user: int, end: int, begin: int = -1) -> int | None:
        return max((d for d in self.active[user] if begin <= d < end), default=None)

    def activity(self) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for day in range(self.begins, self.as_of):
            counts: dict[Piece, Counter[str]] = defaultdict(Counter)
            counts[ALL]["told"] = 1
            for user, life in enumerate(self.lives):
                for name, width in (("dau", 1), ("wau", 7), ("mau", 30)):
                    last = self.last_before(user, day + 1, day - width + 1)
                    if last is not None:
                        for piece in self.pieces(self.on(user, last)):
                            counts[piece][name] += 1
                if day in self.active[user]:
                    what = life.days[day]
                    for piece in self.pieces(self.on(user, day)):
                        counts[piece]["sessions"] += what.sessions
                        counts[piece]["session_ms"] += what.session_ms
                        counts[piece]["converted"] += what.conversions > 0
            for piece, of in counts.items():
                if piece != ALL and (not of["mau"] or day < self.as_of - self.limits.days):
                    continue
                dau = of["dau"]
                wau = of["wau"] if day >= self.begins + 6 else None
                mau = of["mau"] if day >= self.begins + 29 else None
                sums = of["sessions"], of["session_ms"], 0, of["converted"]
                ratios = (
                    dau / mau if mau else None,
                    *((sums[0] / dau, sums[1] / 60_000 / dau, sums[3] / dau) if dau else (None,) * 3),
                )
                found[(day_of(day), *piece)] = (dau, wau, mau, ratios[0], *sums, *ratios[1:])
        return found

    def periods(self, grain: str, whole_before: bool) -> Iterable[tuple[date, date]]:
        """First day, and the day after, of those that are over."""
        start = first_of(grain, day_of(self.begins))
        if start < day_of(self.begins):
            start = next_of(grain, start)
        if whole_before:
            start = next_of(grain, start)
        while next_of(grain, start) <= day_of(self.as_of):
            yield start, next_of(grain, start)
            start = next_of(grain, start)

    def within(self, user: int, start: date, end: date) -> list[int]:
        return sorted(d for d in self.active[user] if start <= day_of(d) < end)

    def lifecycle(self) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for grain in ("day", "week", "month"):
            for start, end in self.periods(grain, whole_before=True):
                before = first_of(grain, start - timedelta(days=1))
                counts: dict[Piece, Counter[str]] = defaultdict(Counter)
                counts[ALL]["told"] = 1
                for user in range(len(self.lives)):
                    now, then = self.within(user, start, end), self.within(user, before, start)
                    if now:
                        kind = (
                            "kept" if then else "new" if min(self.active[user]) == now[0] else "resurrected"
                        )
                        for piece in self.pieces(self.on(user, now[0])):
                            counts[piece].update(("active", kind))
                    elif then:
                        for piece in self.pieces(self.on(user, then[-1])):
                            counts[piece]["dormant"] += 1
                for piece, of in counts.items():
                    if piece != ALL and start < day_of(self.as_of - self.limits.days):
                        continue
                    ratio = (of["new"] + of["resurrected"]) / of["dormant"] if of["dormant"] else None
                    names = ("active", "new", "kept", "resurrected", "dormant")
                    found[(grain, start, *piece)] = (*(of[n] for n in names), ratio)
        return found

    def features(self) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        spans = [(g, *p) for g in ("week", "month") for p in self.periods(g, whole_before=False)]
        spans.append(("last_30_days", day_of(self.as_of - 30), day_of(self.as_of)))
        for grain, start, end in spans:
            active = sum(bool(self.within(user, start, end)) for user in range(len(self.lives)))
            users, uses = Counter[str](), Counter[str]()
            for life in self.lives:
                mine = [what for d, what in life.days.items() if start <= day_of(d) < end and d < self.as_of]
                users.update({name for what in mine for name in what.uses})
                for what in mine:
                    uses.update(what.uses)
            best = sorted(users, key=lambda f: (-users[f], -uses[f], f))[: self.limits.features]
            for rank, name in enumerate(best, 1):
                values = ("any", users[name], uses[name], active, users[name] / active)
                found[(grain, start, rank, name)] = values
        return found

    def conversion(self) -> dict[Any, Any]:
        found = {}
        for grain in ("week", "month"):
            for start, end in self.periods(grain, whole_before=False):
                days = [self.within(user, start, end) for user in range(len(self.lives))]
                active = sum(bool(d) for d in days)
                converted = sum(
                    any(life.days[d].conversions for d in mine)
                    for life, mine in zip(self.lives, days, strict=True)
                )
                if active:
                    found[(grain, start)] = (active, converted, converted / active)
        return found

    def told_cohorts(self, grain: str, limit: int) -> list[date]:
        latest = [first_of(grain, day_of(self.as_of - 1))]
        while len(latest) < limit:
            latest.append(first_of(grain, latest[-1] - timedelta(days=1)))
        return latest

    def by_cohort(
        self, of: Callable[[Life], tuple[int | None, tuple[int, ...]]], lives: list[Life]
    ) -> dict[Any, Any]:
        found: dict[Any, tuple[int, ...]] = {}
        for grain, limit in (("week", self.limits.weeks), ("month", self.limits.months)):
            told = self.told_cohorts(grain, limit)
            for life in lives:
                day, values = of(life)
                if day is None or first_of(grain, day_of(day)) not in told:
                    continue
                said = dict(zip(DIMENSIONS, life.at_origin(), strict=True))
                for piece in self.pieces(said):
                    where = (grain, first_of(grain, day_of(day)), *piece)
                    before = found.get(where, (0,) * len(values))
                    found[where] = tuple(a + b for a, b in zip(before, values, strict=True))
        return found

    def funnel(self) -> dict[Any, Any]:
        members, _ = members_of(self.lives, self.as_of, self.inactivity)

        def of(life: Life) -> tuple[int | None, tuple[int, ...]]:
            steps = (life.active(self.as_of), first_trial(life, self.as_of), first_paid(life, self.as_of))
            reached = (1, bool(steps[0]), steps[1] is not None, steps[2] is not None)
            return life.origin(self.as_of), tuple(int(r) for r in reached)

        return self.by_cohort(of, [member.life for member in members])

    def trials(self) -> dict[Any, Any]:
        def of(life: Life) -> tuple[int | None, tuple[int, ...]]:
            trial, paid = first_trial(life, self.as_of), first_paid(life, self.as_of)
            if trial is None:
                return None, ()
            within = [paid is not None and paid - trial <= n for n in (7, 14, 30)]
            return trial, tuple(int(r) for r in (True, paid is not None, *within))

        found = self.by_cohort(of, self.lives)
        for where, values in found.items():
            end = next_of(where[0], where[1])
            ripe = [
                v if end + timedelta(days=n) <= day_of(self.as_of) else None
                for n, v in zip((7, 14, 30), values[2:], strict=True)
            ]
            found[where] = (*values[:2], *ripe)
        return found

    def subscribes(self, life: Life, start: int) -> int | None:
        """The day that made it so, if the user subscribes at the beginning of a day."""
        plan_of: dict[int, bool] = {}
        for day in sorted({*life.days, *((life.signup,) if life.signup is not None else ())}):
            what = life.days.get(day)
            says = what is not None and (what.plan or what.cancelled or what.renewed)
            if day < min(start, self.as_of) and (says or day == life.signup):
                paid = what is not None and bool(what.renewed or (what.plan and what.plan not in UNPAID))
                plan_of[day] = paid
        if not plan_of:
            return None
        last = max(plan_of)
        cancelled = max((d for d, w in life.days.items() if w.cancelled and d <= last), default=None)
        stands = cancelled is not None and not (life.signup is not None and cancelled < life.signup <= last)
        return last if plan_of[last] and not stands else None

    def churn(self) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        wide = self.inactivity
        mondays = [
            d for d in range(self.as_of - 7 * self.limits.weeks, self.as_of) if day_of(d).weekday() == 0
        ]
        for at in (*mondays, self.as_of):
            if at - 2 * wide < self.begins:
                continue
            for user, life in enumerate(self.lives):
                last = self.last_before(user, at - wide, at - 2 * wide)
                if last is not None:
                    lost = not any(at - wide <= d < at for d in self.active[user])
                    self._add(found, at, "inactivity", user, last, lost)
                made = self.subscribes(life, at - wide)
                if made is not None:
                    lost = any(w.cancelled and at - wide <= d < at for d, w in life.days.items())
                    self._add(found, at, "cancellation", user, made, lost)
        return found

    def _add(self, found: dict[Any, Any], at: int, kind: str, user: int, day: int, lost: bool) -> None:
        for piece in self.pieces(self.on(user, day), pairs=at == self.as_of):
            before = found.get((day_of(at), kind, *piece), (0, 0))
            found[(day_of(at), kind, *piece)] = (before[0] + 1, before[1] + lost)
