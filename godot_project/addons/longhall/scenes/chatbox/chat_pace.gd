extends RefCounted
## When a [ChatLog] writes lines that come faster than anybody reads them.
##
## However few lines are new, the engine draws all that are in sight again, which costs more
## than to write them. So a chat that goes on and on is written ten times a second, in a game
## of 60 frames, and one that is flooded when the flood is over, or once in a while.

## Frames from one writing to the next, when lines come in every frame.
const FRAMES: int = 6
## So many times in a row the log is written as soon as a line comes: enough for all that
## people say to each other.
const AT_ONCE: int = 12
## So many lines that wait are a flood, as long as so many more come in every frame.
const FLOOD: int = 40
const FLOOD_PER_FRAME: int = 8
## Frames in which a flood is let go on, and then those in which the log is written meanwhile.
const FLOOD_FRAMES: int = 90
const FLOOD_WRITING_FRAMES: int = 12
## Of the time that writing may take in a frame, a flood leaves so much to it.
const FLOOD_SHARE: float = 0.2

## Of the time that writing may take, so much is for this frame.
var share: float = 1.0
## Whether the log goes on to write what it began during a flood.
var goes_on: bool = false

# Writings that are left, times [constant FRAMES]: each frame gives one back.
var _left: int = AT_ONCE * FRAMES
var _frame: int = 0
# When the flood began; negative if there is none.
var _flood_began: int = -1
# How many lines had come.
var _came: int = 0


## Whether to wait in [param frame], in which [param waiting] lines are not written, of
## [param came] that have come in all. If not, the log writes.
func waits(frame: int, waiting: int, came: int) -> bool:
	_left = mini(_left + frame - _frame, AT_ONCE * FRAMES)
	_frame = frame
	if _is_flood(waiting, came):
		if _flood_began < 0 or frame - _flood_began >= FLOOD_FRAMES + FLOOD_WRITING_FRAMES:
			_flood_began = frame
		goes_on = frame - _flood_began > FLOOD_FRAMES
		share = FLOOD_SHARE
		return frame - _flood_began < FLOOD_FRAMES
	note_no_flood()
	if waiting >= FLOOD or waiting == 0:
		return false
	if _left < FRAMES:
		return true
	_left -= FRAMES
	return false


## Nothing keeps the log from writing.
func note_no_flood() -> void:
	_flood_began = -1
	goes_on = false
	share = 1.0


func _is_flood(waiting: int, came: int) -> bool:
	var more: int = came - _came
	_came = came
	return waiting >= FLOOD and more >= FLOOD_PER_FRAME
