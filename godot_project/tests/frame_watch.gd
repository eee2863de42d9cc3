extends RefCounted
## Takes the time from frame to frame.

var _usec := PackedInt32Array()
var _before: int = 0


func reset() -> void:
	_usec.clear()
	_before = Time.get_ticks_usec()


func tick() -> void:
	var now: int = Time.get_ticks_usec()
	if _before > 0:
		_usec.append(now - _before)
	_before = now


func frames() -> int:
	return _usec.size()


func longest() -> float:
	return at(1.0)


func typical() -> float:
	return at(0.5)


func mean() -> float:
	var sum: float = 0.0
	for usec: int in _usec:
		sum += usec
	return sum / _usec.size()


## Microseconds that this part of the frames do not exceed.
func at(part: float) -> float:
	var sorted: PackedInt32Array = _usec.duplicate()
	sorted.sort()
	return sorted[int(part * (sorted.size() - 1))]
