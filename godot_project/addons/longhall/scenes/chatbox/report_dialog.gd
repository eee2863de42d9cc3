extends Control
## Asks why a line or a player is reported, and says what the moderators get to see.

## The player reports line [param seq] of [param channel], or [param player] when
## [param seq] is 0.
signal report_requested(channel: String, seq: int, player: String, category: String, note: String)

const PlainText := preload("plain_text.gd")

## What somebody may be reported for, by the names of the protocol.
const CATEGORIES: Dictionary[String, String] = {
	"harassment": "Harassment or threats",
	"hate": "Hate",
	"sexual": "Sexual content",
	"violence": "Violence",
	"spam": "Spam",
	"cheating": "Cheating",
	"name": "Offensive name",
	"other": "Something else",
}

const _WIDTH: float = 420.0

var _channel: String = ""
var _seq: int = 0
var _player: String = ""

@onready var _card: PanelContainer = %Card
@onready var _title: Label = %Label_Title
@onready var _quote: Label = %Label_Quote
@onready var _category: OptionButton = %Options_Category
@onready var _note: LineEdit = %LineEdit_Note
@onready var _sent: Label = %Label_Sent
@onready var _status: Label = %Label_Status
@onready var _report: Button = %Button_Report


func _input(event: InputEvent) -> void:
	# Also from a control that knows what to do with it. A list that is open closes first.
	var is_listing: bool = is_visible_in_tree() and _category.get_popup().visible
	if is_visible_in_tree() and not is_listing and event.is_action_pressed(&"ui_cancel"):
		close()
		get_viewport().set_input_as_handled()


## Asks about what [param player] said as line [param seq] of [param channel], or with
## [param seq] 0 about the player as such.
func open(player: String, channel: String, seq: int, text: String) -> void:
	_player = player
	_channel = channel
	_seq = seq
	_title.text = tr("Report %s") % player
	_quote.text = tr("“%s”") % PlainText.of(text)
	_quote.visible = seq > 0 and not text.is_empty()
	_sent.text = (
		tr("The moderators get this message and those around it. Nobody else is told.")
		if seq > 0
		else tr("The moderators get the name. Nobody else is told.")
	)
	_category.clear()
	for category: String in CATEGORIES:
		_category.add_item(tr(CATEGORIES[category]))
	_category.select(0 if seq > 0 else CATEGORIES.keys().find("name"))
	_note.clear()
	_say("")
	visible = true
	_arrange()
	_category.grab_focus()


func close() -> void:
	visible = false


## Says why the report was not taken.
func show_denied(text: String) -> void:
	_say(text)


func _send() -> void:
	_say("")
	_report.disabled = true
	var category: String = CATEGORIES.keys()[_category.selected]
	report_requested.emit(_channel, _seq, _player, category, _note.text.strip_edges())


func _say(text: String) -> void:
	_report.disabled = false
	_status.text = text
	_status.visible = not text.is_empty()


func _arrange() -> void:
	if is_node_ready():
		_card.custom_minimum_size.x = minf(_WIDTH, size.x - 24.0)


func _on_dim_gui_input(event: InputEvent) -> void:
	var button := event as InputEventMouseButton
	if button != null and button.pressed:
		close()


func _on_note_submitted(_text: String) -> void:
	if not _report.disabled:
		_send()
