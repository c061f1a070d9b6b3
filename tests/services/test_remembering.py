"""What is dear is worked out once for all who ask, for a while, and never for ever."""

import asyncio

import pytest

from xstock_node.services.remembering import MOST, OLDEST, SECONDS, Remembered


async def test_an_answer_is_given_to_all_who_ask_and_made_anew_when_it_is_old() -> None:
    now, made = [100.0], []
    remembered = Remembered(lambda: now[0])

    async def make() -> int:
        made.append(now[0])
        await asyncio.sleep(0)
        return len(made)

    assert await asyncio.gather(*(remembered.get("a", make) for _ in range(5))) == [1] * 5
    now[0] += SECONDS - 0.1
    assert await remembered.get("a", make) == 1 and await remembered.get("b", make) == 2
    now[0] += 0.2
    assert await remembered.get("a", make) == 1, "the answer before is given at once, and a new one is made beside"
    for _ in range(4):
        await asyncio.sleep(0)
    assert await remembered.get("a", make) == 3 and len(made) == 3
    now[0] += OLDEST + 1
    assert await remembered.get("a", make) == 4, "too old an answer is not given"
    remembered.forget("a")
    assert await remembered.get("a", make) == 5


async def test_what_fails_beside_is_told_to_who_asks_next() -> None:
    now = [0.0]
    remembered = Remembered(lambda: now[0])
    answers: list[int | Exception] = [1, ValueError("broken"), ValueError("broken")]

    async def make() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await remembered.get("a", make) == 1
    now[0] += SECONDS + 1
    assert await remembered.get("a", make) == 1
    for _ in range(4):
        await asyncio.sleep(0)
    with pytest.raises(ValueError, match="broken"):
        await remembered.get("a", make)


async def test_what_fails_is_not_remembered_and_no_more_is_held_than_it_should() -> None:
    remembered = Remembered(lambda: 0.0)

    async def fail() -> None:
        raise ValueError("broken")

    async def one() -> int:
        return 1

    with pytest.raises(ValueError, match="broken"):
        await remembered.get("a", fail)
    assert await remembered.get("a", one) == 1
    for number in range(3 * MOST):
        await remembered.get(number, one)
    assert len(remembered._held) <= MOST and len(remembered._locks) <= MOST
