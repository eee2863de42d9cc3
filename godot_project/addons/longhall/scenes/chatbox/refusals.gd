extends RefCounted
## What there is to say of lines of one tab that were not sent, or perhaps
## not. The [code]refusal_strip.gd[/code] shows it.
##
## Sentences are functions that say them in the present language.

signal changed

## Texts that were refused while the player had typed on, oldest first.
var refused: Array[String] = []

## Lines whose fate is unknown.
var uncertain: int = 0:
	set(value):
		uncertain = value
		changed.emit()

var _hint: Callable
var _is_hint_about_being_offline: bool = false
var _why_refused: Array[Callable] = []
var _why_uncertain: Callable


## Says of the draft what [param text] returns, until a line is sent; a hint
## [param about_being_offline] goes with that.
func hint(text: Callable, about_being_offline: bool = false) -> void:
	_hint = text
	_is_hint_about_being_offline = about_being_offline
	changed.emit()


## Keeps the refused text [param line]; [param why] returns the sentence about it.
func refuse(line: String, why: Callable) -> void:
	refused.append(line)
	_why_refused.append(why)
	changed.emit()


## Takes the oldest refused text out.
func take_refused() -> String:
	var text: String = refused.pop_front()
	_why_refused.pop_front()
	changed.emit()
	return text


## Says of [param count] lines that they are perhaps not sent, and by what
## [param why] returns why the last one is.
func doubt(count: int, why: Callable) -> void:
	_why_uncertain = why
	uncertain = count


## Forgets the hint.
func forget_hint() -> void:
	_hint = Callable()
	changed.emit()


## Lines can be sent again.
func come_online() -> void:
	if _is_hint_about_being_offline:
		forget_hint()


## Whether a line waits for the player to decide.
func is_waiting() -> bool:
	return uncertain > 0 or not refused.is_empty()


## Forgets everything.
func reset() -> void:
	_hint = Callable()
	refused.clear()
	_why_refused.clear()
	uncertain = 0


## All there is to say, a sentence each. [param quotes] is how a text is quoted.
func sentences(quotes: String) -> PackedStringArray:
	var found: PackedStringArray = []
	if _hint.is_valid():
		found.append(str(_hint.call()))
	if not refused.is_empty():
		var quoted: String = quotes % refused[0]
		if refused.size() > 1:
			quoted += " (+%d)" % (refused.size() - 1)
		found.append("%s\n%s" % [_why_refused[0].call(), quoted])
	if uncertain > 0:
		found.append(str(_why_uncertain.call()))
	return found
