extends Control
## Asks where, for how long and why a player is muted, kicked or banned, or how far back what
## they said is deleted. Asks once more before it does what cannot be taken back.

## The player mutes, kicks or bans [param player], see [signal Chatbox.sanction_requested].
signal sanction_requested(
	player: String, sanction: String, channel: String, seconds: int, reason: String
)
## The player lifts a mute or a ban.
signal lift_requested(player: String, sanction: String, channel: String)
## The player deletes what [param player] said.
signal lines_deletion_requested(player: String, channel: String, seconds: int)

## The sanctions that stand until they are over or lifted.
const THAT_STAND: Array[String] = ["mute", "ban"]

const _TITLES: Dictionary[String, String] = {
	"mute": "Mute %s",
	"kick": "Kick %s",
	"ban": "Ban %s",
	"delete": "Delete messages of %s",
}
const _BUTTONS: Dictionary[String, String] = {
	"mute": "Mute", "kick": "Kick", "ban": "Ban", "delete": "Delete"
}
## What is asked before it is done, on the whole server and in a channel.
const _QUESTIONS: Dictionary[String, String] = {
	"ban": "Ban %s from this server?", "delete": "Delete what %s said, in all channels?"
}
const _QUESTIONS_IN: Dictionary[String, String] = {
	"ban": "Ban %s from %s?", "delete": "Delete what %s said in %s?"
}
## What becomes of the player, on the whole server and in a channel.
const _EFFECTS: Dictionary[String, String] = {
	"mute": "They go on reading, and nobody hears them. They are told the reason.",
	"kick": "They are logged out and may come again. They are told the reason.",
	"ban": "They are logged out and may not come in. They are told the reason.",
	"delete": "Up to 1000 messages, the newest first. They do not come back.",
}
const _EFFECTS_IN: Dictionary[String, String] = {
	"kick": "They are taken out of the channel and may join again. They are told the reason.",
	"ban": "They are taken out of the channel and may not join. They are told the reason.",
}
const _LIFTS: Dictionary[String, String] = {"mute": "Unmute", "ban": "Unban"}
## For how long, in seconds. Of less than 0 the server thinks, and 0 is without end.
const _LENGTHS: Dictionary[String, int] = {
	"Longer each time": -1,
	"10 minutes": 600,
	"1 hour": 3600,
	"1 day": 86_400,
	"7 days": 604_800,
	"Without end": 0,
}
## How far back, in seconds; less than 0 is all.
const _SINCE: Dictionary[String, int] = {
	"The last 10 minutes": 600, "The last hour": 3600, "The last day": 86_400, "All": -1
}
const _WIDTH: float = 420.0

var _player: String = ""
var _sanction: String = "mute"
var _places: Array[String] = []
var _standing: Array[Dictionary] = []
# Whether it asks once more.
var _is_sure: bool = false

@onready var _card: PanelContainer = %Card
@onready var _title: Label = %Label_Title
@onready var _standing_row: HBoxContainer = %Row_Standing
@onready var _standing_text: Label = %Label_Standing
@onready var _lift: Button = %Button_Lift
@onready var _place: OptionButton = %Options_Place
@onready var _length: OptionButton = %Options_Length
@onready var _reason: LineEdit = %LineEdit_Reason
@onready var _effect: Label = %Label_Effect
@onready var _status: Label = %Label_Status
@onready var _cancel: Button = %Button_Cancel
@onready var _do: Button = %Button_Do


func _input(event: InputEvent) -> void:
	# Also from a control that knows what to do with it. A list that is open closes first.
	if not is_visible_in_tree() or not event.is_action_pressed(&"ui_cancel"):
		return
	if not _place.get_popup().visible and not _length.get_popup().visible:
		_on_button_cancel_pressed()
		get_viewport().set_input_as_handled()


## Asks about [param sanction], "mute", "kick", "ban" or "delete", of [param player] in one of
## [param places], of which an empty one is the whole server.
func open(player: String, sanction: String, places: Array[String]) -> void:
	_player = player
	_sanction = sanction
	_places = places
	_standing = []
	_place.clear()
	for place: String in places:
		_place.add_item(tr("On the whole server") if place.is_empty() else tr("In %s") % place)
	_place.select(0)
	_length.clear()
	for length: String in _lengths():
		_length.add_item(tr(length))
	_length.select(0)
	_reason.clear()
	visible = true
	_ask(false)
	_arrange()


func close() -> void:
	visible = false


## Says why it was not done.
func show_denied(text: String) -> void:
	_ask(false)
	_say(text)


## Shows which of [param sanctions] stands in the place that is chosen, if they are those of
## [param player] or of the player that is asked about.
func show_standing(sanctions: Array[Dictionary], player: String = "") -> void:
	if player.is_empty() or player == _player:
		_standing = sanctions
		_refresh()


func _lengths() -> Dictionary[String, int]:
	return _SINCE if _sanction == "delete" else _LENGTHS


func _chosen_place() -> String:
	return _places[_place.selected] if not _places.is_empty() else ""


# All that can be chosen is shown, or with [param once_more] what was chosen.
func _ask(once_more: bool) -> void:
	_is_sure = once_more
	_say("")
	_refresh()
	if once_more:
		_cancel.grab_focus()
	elif _length.visible:
		_length.grab_focus()
	else:
		_reason.grab_focus()


func _refresh() -> void:
	var place: String = _chosen_place()
	_title.text = _question(place) if _is_sure else tr(_TITLES[_sanction]) % _player
	_place.visible = _places.size() > 1 and not _is_sure
	_length.visible = _sanction != "kick" and not _is_sure
	_reason.visible = _sanction != "delete" and not _is_sure
	_effect.text = _effect_of(place)
	_do.text = tr(_BUTTONS[_sanction])
	_cancel.text = tr("Back") if _is_sure else tr("Cancel")
	var found: Dictionary = {}
	for one: Dictionary in _standing:
		if one["sanction"] == _sanction and one["channel"] == place:
			found = one
	_standing_row.visible = not found.is_empty() and not _is_sure
	if not found.is_empty():
		_standing_text.text = LonghallText.of_sanction_on(_player, found)
		_lift.text = tr(_LIFTS[_sanction])


func _question(place: String) -> String:
	if place.is_empty():
		return tr(_QUESTIONS[_sanction]) % _player
	return tr(_QUESTIONS_IN[_sanction]) % [_player, place]


func _effect_of(place: String) -> String:
	var words: String = _EFFECTS[_sanction]
	if not place.is_empty():
		words = _EFFECTS_IN.get(_sanction, words)
	if not _is_sure:
		return tr(words)
	var chosen: String = _length.get_item_text(_length.selected)
	var reason: String = _reason.text.strip_edges()
	if not reason.is_empty() and _reason_counts():
		chosen += "  ·  " + tr("“%s”") % reason
	return chosen + "\n" + tr(words)


func _reason_counts() -> bool:
	return _sanction != "delete"


func _go_on() -> void:
	if _QUESTIONS.has(_sanction) and not _is_sure:
		_ask(true)
		return
	_say("")
	_do.disabled = true
	var seconds: int = _lengths().values()[_length.selected]
	if _sanction == "delete":
		lines_deletion_requested.emit(_player, _chosen_place(), seconds)
	else:
		var reason: String = _reason.text.strip_edges()
		sanction_requested.emit(_player, _sanction, _chosen_place(), seconds, reason)


func _say(text: String) -> void:
	_do.disabled = false
	_lift.disabled = false
	_status.text = text
	_status.visible = not text.is_empty()


func _arrange() -> void:
	if is_node_ready():
		_card.custom_minimum_size.x = minf(_WIDTH, size.x - 24.0)


func _on_button_cancel_pressed() -> void:
	if _is_sure:
		_ask(false)
	else:
		close()


func _on_button_lift_pressed() -> void:
	_say("")
	_lift.disabled = true
	lift_requested.emit(_player, _sanction, _chosen_place())


func _on_options_place_item_selected(_index: int) -> void:
	_refresh()


func _on_dim_gui_input(event: InputEvent) -> void:
	var button := event as InputEventMouseButton
	if button != null and button.pressed:
		close()


func _on_reason_submitted(_text: String) -> void:
	if not _do.disabled:
		_go_on()
