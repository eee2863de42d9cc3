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

const Refusals := preload("refusals.gd")

## Below this width the buttons have a row of their own.
const _NARROW: float = 560.0

## The refusals that are shown: those of the tab in view.
var refusals := Refusals.new():
	set(value):
		refusals.changed.disconnect(_refresh)
		refusals = value
		refusals.changed.connect(_refresh)
		_refresh()

## Whether lines can be sent now.
var online: bool = true:
	set(value):
		online = value
		_refresh()

@onready var _label: Label = %Label_Refusal
@onready var _row: BoxContainer = %Row_Refusal
@onready var _restore: Button = %Button_Restore
@onready var _send_again: Button = %Button_SendAgain


func _init() -> void:
	refusals.changed.connect(_refresh)


func _notification(what: int) -> void:
	if what == NOTIFICATION_TRANSLATION_CHANGED and is_node_ready():
		_refresh()


func _refresh() -> void:
	var sentences: PackedStringArray = refusals.sentences(tr("“%s”"))
	visible = not sentences.is_empty()
	_label.text = "\n".join(sentences)
	_restore.visible = not refusals.refused.is_empty()
	_send_again.visible = refusals.uncertain > 0
	_send_again.disabled = not online
	_arrange()


func _arrange() -> void:
	if is_node_ready():
		_row.vertical = size.x < _NARROW and (_restore.visible or _send_again.visible)


func _on_button_restore_pressed() -> void:
	edit_requested.emit(refusals.take_refused())


func _on_button_send_again_pressed() -> void:
	send_again_requested.emit()


func _on_button_dismiss_pressed() -> void:
	refusals.reset()
	dismissed.emit()
