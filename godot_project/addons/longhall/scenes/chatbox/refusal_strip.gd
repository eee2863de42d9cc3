extends PanelContainer
## Says why a line was not sent, or perhaps not, and keeps what was refused until
## the player has decided.

## The player wants that refused text back in the input.
signal edit_requested(text: String)
## The player wants to say the oldest uncertain line again.
signal send_again_requested
## The player wants to hear no more of it.
signal dismissed

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
		_refresh()

# Says in the present language what it is about.
var _text: Callable = func() -> String: return ""

@onready var _label: Label = %Label_Refusal
@onready var _restore: Button = %Button_Restore
@onready var _send_again: Button = %Button_SendAgain


func _notification(what: int) -> void:
	if what == NOTIFICATION_TRANSLATION_CHANGED and is_node_ready():
		_refresh()


## Shows what [param text] returns, also after a change of the language.
func tell(text: Callable) -> void:
	_text = text
	show()
	_refresh()


## Goes, unless the player has something to decide.
func hide_if_idle() -> void:
	visible = visible and (not refused.is_empty() or uncertain > 0)


## Forgets everything.
func reset() -> void:
	refused.clear()
	uncertain = 0
	hide()


func _refresh() -> void:
	var text: String = _text.call()
	if not refused.is_empty():
		text += "\n“%s”" % refused[0]
		if refused.size() > 1:
			text += " (+%d)" % (refused.size() - 1)
	_label.text = text
	_restore.visible = not refused.is_empty()
	_send_again.visible = uncertain > 0
	_send_again.disabled = not online


func _on_button_restore_pressed() -> void:
	var text: String = refused.pop_front()
	_refresh()
	hide_if_idle()
	edit_requested.emit(text)


func _on_button_send_again_pressed() -> void:
	send_again_requested.emit()


func _on_button_dismiss_pressed() -> void:
	reset()
	dismissed.emit()
