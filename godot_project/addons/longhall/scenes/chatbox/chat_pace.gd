extends RefCounted
## When a [ChatLog] writes lines that come faster than anybody reads them.
##
## However few lines are new, the engine draws all that are in sight again, which costs more
## than to write them. So a chat that goes on and on is written ten times a second, and one
## that is flooded when the flood is over, or once in a while.

## How often the log is written in a second, when lines come in every frame.
const PER_SECOND: float = 10.0
## So many times in a row the log is written as soon as a line comes: enough for all that
## people say to each other.
const AT_ONCE: int = 12
## So many lines that wait are a flood, as long as so many more come in every frame.
const FLOOD: int = 40
const FLOOD_PER_FRAME: int = 8
## Seconds in which a flood is let go on, and then those in which the log is written meanwhile.
const FLOOD_S: float = 1.5
const FLOOD_WRITING_S: float = 0.2
## Of the time that writing may take in a frame, a flood leaves so much to it.
const FLOOD_SHARE: float = 0.2

# Of one writing. Frames do not add up to it exactly.
const _ALMOST: float = 0.99

## Of the time that writing may take, so much is for this frame.
var share: float = 1.0
## Whether the log goes on to write what it began during a flood.
var goes_on: bool = false

# Writings that are left: as time passes there are more.
var _left: float = AT_ONCE
var _frame: int = 0
# How long the flood lasts; negative if there is none.
var _flood_s: float = -1.0
# Whether the log was written meanwhile in the last frame.
var _has_begun: bool = false
# How many lines had come.
var _came: int = 0


## Whether to wait in [param frame], which takes [param delta] seconds and in which
## [param waiting] lines are not written, of [param came] that have come in all. If not, the
## log writes.
func waits(frame: int, delta: float, waiting: int, came: int) -> bool:
	_left = minf(_left + (frame - _frame) * delta * PER_SECOND, AT_ONCE)
	_frame = frame
	if _is_flood(waiting, came):
		return _waits_in_flood(delta)
	note_no_flood()
	if waiting >= FLOOD or waiting == 0:
		return false
	if _left < _ALMOST:
		return true
	_left = maxf(_left - 1.0, 0.0)
	return false


## Nothing keeps the log from writing.
func note_no_flood() -> void:
	_flood_s = -1.0
	_has_begun = false
	goes_on = false
	share = 1.0


func _is_flood(waiting: int, came: int) -> bool:
	var more: int = came - _came
	_came = came
	return waiting >= FLOOD and more >= FLOOD_PER_FRAME


func _waits_in_flood(delta: float) -> bool:
	var is_first: bool = _flood_s < 0.0 or _flood_s >= FLOOD_S + FLOOD_WRITING_S
	_flood_s = 0.0 if is_first else _flood_s + delta
	var writes: bool = _flood_s >= FLOOD_S
	goes_on = writes and _has_begun
	_has_begun = writes
	share = FLOOD_SHARE
	return not writes
