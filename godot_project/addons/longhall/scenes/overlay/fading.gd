extends RefCounted
## How much there is to see of something that goes away by itself when nothing happens.

## Seconds without anything new after which it begins to go; 0 if it stays for good.
var after: float = 8.0
## Seconds that the going takes.
var seconds: float = 1.0

# Since something happened. At first nothing has.
var _silence: float = INF


## Something has happened: all of it is there again.
func wake() -> void:
	_silence = 0.0


## It is gone at once.
func end() -> void:
	_silence = INF


## So many [param passed] seconds have passed.
func let_pass(passed: float) -> void:
	_silence += passed


## From 0, nothing of it, to 1, all of it.
func opacity() -> float:
	if after <= 0.0 and is_finite(_silence):
		return 1.0
	if seconds <= 0.0:
		return 1.0 if _silence < after else 0.0
	return clampf(1.0 - (_silence - after) / seconds, 0.0, 1.0)
