extends PanelContainer
## Says why a line was not sent, or perhaps not, and keeps what was refused until
## the player has decided.
##
## A hint about the draft, a refused line and lines of unknown fate each have a
## sentence of their own, so that none of them is taken for another.

## The player wants that refused text back in the input.
signal edit_requested(text: String)
## The player wants to say the oldest uncertain line again.
signal send_again_requested
## The player wants to hear no more of it.
signal dismissed

## Below this width the buttons have a row of their own.
const _NARROW: float = 560.0

## Texts that were refused while the player had typed on, oldest first.
var refused: Array[String] = []

## Lines whose fate is unknown.
var uncertain: int = 0:
	set(value):
		uncertain = value
		_refresh()

## Whether lines can be sent now.
var online: bool = true:
	set(value):
		online = value
		if online and _is_hint_about_being_offline:
			_hint = Callable()
		_refresh()

# What there is to say, each as a function that says it in the present language.
var _hint: Callable
var _is_hint_about_being_offline: bool = false
var _why_refused: Array[Callable] = []
var _why_uncertain: Callable

@onready var _label: Label = %Label_Refusal
@onready var _row: BoxContainer = %Row_Refusal
@onready var _restore: Button = %Button_Restore
@onready var _send_again: Button = %Button_SendAgain


func _notification(what: int) -> void:
	if what == NOTIFICATION_TRANSLATION_CHANGED and is_node_ready():
		_refresh()


## Says of the draft what [param text] returns, until a line is sent; a hint
## [param about_being_offline] goes with that.
func hint(text: Callable, about_being_offline: bool = false) -> void:
	_hint = text
	_is_hint_about_being_offline = about_being_offline
	_refresh()


## Keeps the refused text [param line]; [param why] returns the sentence about it.
func refuse(line: String, why: Callable) -> void:
	refused.append(line)
	_why_refused.append(why)
	_refresh()


## Says of [param count] lines that they are perhaps not sent, and by what
## [param why] returns why the last one is.
func doubt(count: int, why: Callable) -> void:
	_why_uncertain = why
	uncertain = count


## Forgets the hint.
func forget_hint() -> void:
	_hint = Callable()
	_refresh()


## Forgets everything.
func reset() -> void:
	_hint = Callable()
	refused.clear()
	_why_refused.clear()
	uncertain = 0


func _refresh() -> void:
	var sentences: PackedStringArray = []
	if _hint.is_valid():
		sentences.append(str(_hint.call()))
	if not refused.is_empty():
		var quoted: String = tr("“%s”") % refused[0]
		if refused.size() > 1:
			quoted += " (+%d)" % (refused.size() - 1)
		sentences.append("%s\n%s" % [_why_refused[0].call(), quoted])
	if uncertain > 0:
		sentences.append(str(_why_uncertain.call()))
	visible = not sentences.is_empty()
	_label.text = "\n".join(sentences)
	_restore.visible = not refused.is_empty()
	_send_again.visible = uncertain > 0
	_send_again.disabled = not online
	_arrange()


func _arrange() -> void:
	if is_node_ready():
		_row.vertical = size.x < _NARROW and (_restore.visible or _send_again.visible)


func _on_button_restore_pressed() -> void:
	var text: String = refused.pop_front()
	_why_refused.pop_front()
	_refresh()
	edit_requested.emit(text)


func _on_button_send_again_pressed() -> void:
	send_again_requested.emit()


func _on_button_dismiss_pressed() -> void:
	reset()
	dismissed.emit()
