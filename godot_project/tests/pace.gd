extends RefCounted
## Keeps a run without a window at the speed of real time.
##
## With [code]--fixed-fps[/code] the engine counts every frame as 1/60 second but runs
## as many as it can. Servers do not hurry along, so a timer of 20 seconds would be
## over before the answer comes.

const FRAME_USEC: int = 16_667

var _next_usec: int = 0


## Waits for the rest of the frame. Call it once per frame.
func keep() -> void:
	var now: int = Time.get_ticks_usec()
	if now < _next_usec:
		OS.delay_usec(_next_usec - now)
		_next_usec += FRAME_USEC
	else:
		_next_usec = now + FRAME_USEC
