class_name LoginScreen
extends LonghallScreen
## Asks for a name and a password, and says why they were refused.
##
## In a scene with a [NetworkClient] it works as it is: it finds the client, asks
## it, and shows itself while the player is logged out. All that touches the client
## is in its child [code]Wiring[/code]; without that ([member wire_to_client] off)
## the parent does it: the screen emits [signal login] or [signal register] and
## locks the form, the parent answers with [method show_denied] or
## [method show_registered], or takes the screen away. Without an answer the form
## unlocks by itself after [member answer_timeout].
## [br][br]
## It works on while the tree is paused; its [member Node.process_mode] is yours to
## change.
## [br][br]
## Its look is your game's: a [Theme] of the project, of a parent or of the screen
## itself is taken as far as it goes, and [code]longhall_theme.tres[/code] fills in
## the rest. What such a theme says of [code]Button[/code], [code]Label[/code] or
## [code]PanelContainer[/code] holds for our variations of them too, unless it names
## those: [code]PrimaryButton[/code], [code]SmallButton[/code],
## [code]MutedLabel[/code], [code]CardPanel[/code]. [code]StatusInfo[/code],
## [code]StatusSuccess[/code] and [code]StatusError[/code] keep their colours until
## they are named, because those mean something.

## The player asked to log in, with both fields filled.
signal login(username: String, password: String)
## The player asked for a new account, with both fields filled.
signal register(username: String, password: String)
## The player asked to try the server again.
signal retry_requested
## The player does not want the account of [method set_resuming].
signal other_account_requested
## The player ticked "Remember me", or unticked it.
signal remember_toggled(remember: bool)

## How the status line looks.
enum Tone { INFO, SUCCESS, ERROR }

const Look := preload("res://addons/longhall/scenes/longhall_look.gd")

const _TONE_LABELS: Array[StringName] = [&"StatusInfo", &"StatusSuccess", &"StatusError"]
const _TONE_ICONS: Array[Texture2D] = [
	preload("res://addons/longhall/themes/tone_info.svg"),
	preload("res://addons/longhall/themes/tone_success.svg"),
	preload("res://addons/longhall/themes/tone_error.svg"),
]
const _EYE_OPEN: Texture2D = preload("res://addons/longhall/themes/eye_open.svg")
const _EYE_CLOSED: Texture2D = preload("res://addons/longhall/themes/eye_closed.svg")

## The form's width, and how wide it gets where the screen is low.
const _FORM_WIDTH: float = 304.0
const _FORM_WIDTH_WHEN_LOW: float = 440.0
## Below this height it is low.
const _LOW: float = 480.0
## Part of its height by which the form scrolls with one turn of the wheel.
const _WHEEL_STEP: float = 0.125

## Denials that are about the name, so that the cursor goes there.
const _NAME_CODES: Array[String] = ["username_taken"]
const _NAME_FIELD: String = "username"

@export_group("Look")

## What is behind everything, instead of the glow of the hearth. Colours and sizes
## of the rest come from a [Theme].
@export var background: Texture2D:
	set(value):
		background = value
		_refresh_look()

## Your game's picture, instead of the hall.
@export var picture: Texture2D:
	set(value):
		picture = value
		_refresh_look()

## Your game's name, instead of ours.
@export var wordmark: Texture2D:
	set(value):
		wordmark = value
		_refresh_look()

## Whether picture and name are shown, where there is room for them.
@export var show_picture: bool = true:
	set(value):
		show_picture = value
		_refresh_look()

@export_group("")

## Whether the player can choose to stay logged in on this device. What they choose
## goes to [member NetworkClient.remember_login].
@export var offer_to_remember: bool = true:
	set(value):
		offer_to_remember = value
		if is_node_ready():
			_refresh()

## Seconds without an answer after which the form unlocks. While a [NetworkClient] is
## asked, its [member NetworkClient.request_timeout] counts instead.
@export_range(1.0, 120.0, 0.5, "or_greater", "suffix:s") var answer_timeout: float = 20.0:
	set(value):
		answer_timeout = maxf(value, 0.1)

## The name in the form, without the spaces around it. Set it once the screen is ready.
var username: String:
	get:
		return _username.text.strip_edges()
	set(value):
		_username.text = value
		_focus()

## Whether "Remember me" is ticked.
var remember: bool:
	get:
		return _remember.button_pressed
	set(value):
		_remember.set_pressed_no_signal(value)

var _busy: bool = false
var _online: bool = true
var _connection_text: String = ""
var _resuming_name: String = ""
# What was typed, while it is not known whether the name was to blame.
var _asked_password: String = ""
var _tone: Tone = Tone.INFO
# The status says no more than that there is no connection.
var _is_hint_about_being_offline: bool = false
# Says in the present language what the status line is about.
var _status_text: Callable = func() -> String: return ""

@onready var _background: TextureRect = %Background
@onready var _picture: TextureRect = %Hall
@onready var _wordmark: TextureRect = %Wordmark
@onready var _gap: Control = %Gap
@onready var _form: VBoxContainer = %VBoxContainer
@onready var _grid: GridContainer = %GridContainer
@onready var _username: LineEdit = %LineEdit_Username
@onready var _password: LineEdit = %LineEdit_Password
@onready var _reveal: Button = %Button_Reveal
@onready var _remember: CheckBox = %CheckBox_Remember
@onready var _remember_gap: Control = %Gap_Remember
@onready var _status_row: HBoxContainer = %Status
@onready var _status: Label = %Label_Status
@onready var _status_icon: TextureRect = %Icon_Status
@onready var _buttons: CenterContainer = %CenterContainer
@onready var _login: Button = %Button_Login
@onready var _register: Button = %Button_Register
@onready var _resuming: VBoxContainer = %Resuming
@onready var _resuming_text: Label = %Label_Resuming
@onready var _other_account: Button = %Button_OtherAccount
@onready var _connection: Label = %Label_Connection
@onready var _connection_dot: TextureRect = %Icon_Connection
@onready var _retry: Button = %Button_Retry
@onready var _scroll: VScrollBar = %Scroll
@onready var _answer_timer: Timer = %AnswerTimer


func _enter_tree() -> void:
	LonghallText.refresh()
	get_viewport().gui_focus_changed.connect(_show_focused)


func _exit_tree() -> void:
	get_viewport().gui_focus_changed.disconnect(_show_focused)


func _ready() -> void:
	Look.dress(self)
	_make_room_for_eye()
	show_status("")
	_refresh()
	_refresh_look()
	_wiring.start()
	_on_visibility_changed()


func _gui_input(event: InputEvent) -> void:
	# Where the form is higher than the screen.
	if not _scroll.visible:
		return
	var before: float = _scroll.value
	var button := event as InputEventMouseButton
	var drag := event as InputEventScreenDrag
	var pan := event as InputEventPanGesture
	if button != null and button.pressed:
		var turns: Dictionary = {MOUSE_BUTTON_WHEEL_UP: -1.0, MOUSE_BUTTON_WHEEL_DOWN: 1.0}
		var turn: float = turns.get(button.button_index, 0.0)
		_scroll.value += turn * size.y * _WHEEL_STEP
	elif drag != null:
		_scroll.value -= drag.relative.y
	elif pan != null:
		_scroll.value += pan.delta.y * size.y * _WHEEL_STEP
	if _scroll.value != before:
		accept_event()


func _notification(what: int) -> void:
	if what == NOTIFICATION_TRANSLATION_CHANGED and is_node_ready():
		LonghallText.refresh()
		_status.text = _status_text.call()
		_refresh()
	elif what == NOTIFICATION_THEME_CHANGED and is_node_ready():
		Look.dress(self)
		_refresh_tones()
		_make_room_for_eye()
		_arrange()
	elif what == NOTIFICATION_LAYOUT_DIRECTION_CHANGED and is_node_ready():
		_make_room_for_eye()


## Puts the cursor where the player has to type next.
func focus_first_empty() -> void:
	if not _resuming_name.is_empty():
		_other_account.grab_focus()
	elif _username.text.is_empty():
		_username.edit()
	else:
		_password.edit()


## Tells how many characters the fields may take.
func set_limits(username_max: int, password_max: int) -> void:
	# Only a change is set: setting it moves the caret to the start.
	if _username.max_length != maxi(username_max, 0):
		_username.max_length = maxi(username_max, 0)
	if _password.max_length != maxi(password_max, 0):
		_password.max_length = maxi(password_max, 0)


## Shows [param text] in the status line, in the language of the game if that has
## it; an empty one clears the line.
func show_status(text: String, tone: Tone = Tone.INFO) -> void:
	_show_status(func() -> String: return "" if text.is_empty() else tr(text), tone)


## Unlocks the form and says why the request was refused, as
## [method LonghallText.of_denial] does. The name stays, and so does the password
## when only the name was to blame.
func show_denied(
	code: String, reason: String, field: String = "", limit: int = 0, retry_after: float = 0.0
) -> void:
	var is_about_name: bool = code in _NAME_CODES or field == _NAME_FIELD
	if is_about_name and _password.text.is_empty():
		_password.text = _asked_password
	set_busy(false)
	_show_status(
		func() -> String: return LonghallText.of_denial(code, reason, field, limit, retry_after),
		Tone.ERROR
	)
	if not is_visible_in_tree():
		return
	if is_about_name:
		_username.edit()
		_username.select_all()
	else:
		_password.edit()


## Unlocks the form and tells that the account exists now. Registering does not
## log in: the name stays, and the password is asked for once more.
func show_registered() -> void:
	set_busy(false)
	show_status("Registration successful. Log in with your new account.", Tone.SUCCESS)
	_password.edit()


## Tells how a session or the connection came to its end, as
## [method LonghallText.of_disconnect] does.
func show_ended(reason: String, was_asked_for: bool = false) -> void:
	set_busy(false)
	_show_status(
		func() -> String: return LonghallText.of_disconnect(reason),
		Tone.INFO if was_asked_for else Tone.ERROR
	)


## Empties the password field. Call it after a login that the screen did not ask for.
func forget_password() -> void:
	_asked_password = ""
	_password.text = ""


## Locks the form while a request is under way, and unlocks it afterwards.
func set_busy(busy: bool) -> void:
	_busy = busy
	if not busy:
		_asked_password = ""
	_answer_timer.stop()
	if busy and _wiring.client == null:
		_answer_timer.start(answer_timeout)
	_refresh()


## Whether requests can be made now, with a [param text] that says so: "Connected",
## or why not. A lost connection also unlocks a waiting form. With
## [param can_retry] a button offers to try again.
func set_online(online: bool, text: String, can_retry: bool = false) -> void:
	_online = online
	_connection_text = text
	_retry.visible = can_retry and not online
	if _busy and not online:
		set_busy(false)
		show_status("The connection was lost before the answer came", Tone.ERROR)
	if online and _is_hint_about_being_offline:
		show_status("")
	_refresh()


## Tells that [param player] is being logged in by itself, in place of the form;
## an empty name brings the form back, with the name in it.
func set_resuming(player: String) -> void:
	if _resuming_name == player:
		return
	_resuming_name = player
	if not player.is_empty():
		_username.text = player
	_refresh()
	_focus()


func _refresh() -> void:
	_connection.text = _connection_text
	_refresh_tones()
	_username.editable = not _busy
	_password.editable = not _busy
	_login.disabled = _busy or not _online
	_register.disabled = _busy or not _online
	var why: String = "" if _online else _connection_text
	_login.tooltip_text = why
	_register.tooltip_text = why
	var resuming: bool = not _resuming_name.is_empty()
	for part: Control in [_grid, _status_row, _buttons]:
		part.visible = not resuming
	_remember.visible = offer_to_remember
	_remember_gap.visible = offer_to_remember
	_resuming.visible = resuming
	_resuming_text.text = tr("Logging in as %s…") % _resuming_name


func _refresh_tones() -> void:
	var connection: Tone = Tone.SUCCESS if _online else Tone.ERROR
	_connection_dot.self_modulate = _form.get_theme_color(&"font_color", _TONE_LABELS[connection])
	_status_icon.self_modulate = _form.get_theme_color(&"font_color", _TONE_LABELS[_tone])


# The eye stands in the field, on the right, or on the left of right-to-left text.
func _make_room_for_eye() -> void:
	var side: Side = SIDE_LEFT if is_layout_rtl() else SIDE_RIGHT
	for item: StringName in [&"normal", &"read_only"]:
		var box: StyleBox = _username.get_theme_stylebox(item).duplicate()
		box.set_content_margin(side, box.get_margin(side) + _reveal.size.x)
		_password.add_theme_stylebox_override(item, box)


func _refresh_look() -> void:
	if _background == null:
		return
	if background != null:
		_background.texture = background
	if picture != null:
		_picture.texture = picture
	if wordmark != null:
		_wordmark.texture = wordmark
	_arrange()


# Shows the picture where there is room for it, and lets the form scroll where even
# that is too high.
func _arrange() -> void:
	if not is_node_ready():
		return
	var card: StyleBox = _card()
	var room: float = size.x - card.get_minimum_size().x
	var most: float = _FORM_WIDTH_WHEN_LOW if size.y < _LOW else _FORM_WIDTH
	_form.custom_minimum_size.x = clampf(room, _FORM_WIDTH, most)
	var separation: int = _form.get_theme_constant(&"separation")
	var height: float = _form.get_combined_minimum_size().y + card.get_minimum_size().y
	var picture_height: float = 0.0
	for part: Control in [_picture, _wordmark, _gap]:
		var part_height: float = part.get_combined_minimum_size().y + separation
		picture_height += part_height
		if part.visible:
			height -= part_height
	var has_room: bool = show_picture and height + picture_height <= size.y
	for part: Control in [_picture, _wordmark, _gap]:
		part.visible = has_room
	if has_room:
		height += picture_height
	_scroll.visible = height > size.y
	_scroll.max_value = height
	_scroll.page = size.y
	_place_form()


func _place_form() -> void:
	var shift: float = 0.0
	if _scroll.visible:
		# The form is centred: its middle goes from there to where it belongs.
		shift = (_scroll.max_value - _scroll.page) / 2.0 - _scroll.value
	_form.offset_top = shift
	_form.offset_bottom = shift


func _show_focused(control: Control) -> void:
	if not is_node_ready() or not _scroll.visible or not _form.is_ancestor_of(control):
		return
	var card: StyleBox = _card()
	var area: Rect2 = get_global_transform().affine_inverse() * control.get_global_rect()
	var above: float = area.position.y - card.content_margin_top
	var below: float = area.end.y + card.content_margin_bottom - size.y
	if above < 0.0:
		_scroll.value += above
	elif below > 0.0:
		_scroll.value += minf(below, above)


func _card() -> StyleBox:
	return _form.get_theme_stylebox(&"panel", &"CardPanel")


func _show_status(text: Callable, tone: Tone) -> void:
	_status_text = text
	_is_hint_about_being_offline = false
	_tone = tone
	_status.text = text.call()
	_status.theme_type_variation = _TONE_LABELS[tone]
	_status_icon.texture = _TONE_ICONS[tone]
	_refresh_tones()
	_status_icon.visible = not _status.text.is_empty()


func _focus() -> void:
	if focus_when_shown and is_visible_in_tree():
		focus_first_empty()


func _submit(request: Signal, doing: String) -> void:
	if _busy:
		return
	if not _online:
		show_status("Not connected to the server yet", Tone.ERROR)
		_is_hint_about_being_offline = true
		return
	if username.is_empty():
		show_status("Enter a username", Tone.ERROR)
		_username.edit()
		return
	if _password.text.is_empty():
		show_status("Enter a password", Tone.ERROR)
		_password.edit()
		return
	var password: String = _password.text
	# Not clear(): undo would bring the password back.
	_password.text = ""
	_reveal.button_pressed = false
	show_status(doing)
	set_busy(true)
	_asked_password = password
	request.emit(username, password)


func _show_too_long(field: LineEdit) -> void:
	_show_status(
		func() -> String: return tr("At most %d characters fit here") % field.max_length, Tone.ERROR
	)


func _on_visibility_changed() -> void:
	if is_node_ready():
		_focus()


func _on_line_edit_username_text_submitted(_text: String) -> void:
	_password.edit()


func _on_line_edit_password_text_submitted(_text: String) -> void:
	_on_button_login_pressed()


func _on_line_edit_username_text_change_rejected(_rejected: String) -> void:
	_show_too_long(_username)


func _on_line_edit_password_text_change_rejected(_rejected: String) -> void:
	_show_too_long(_password)


func _on_button_reveal_toggled(revealed: bool) -> void:
	_password.secret = not revealed
	_reveal.icon = _EYE_OPEN if revealed else _EYE_CLOSED
	_reveal.tooltip_text = "Hide the password" if revealed else "Show the password"


func _on_check_box_remember_toggled(on: bool) -> void:
	remember_toggled.emit(on)


func _on_button_login_pressed() -> void:
	_submit(login, "Logging in…")


func _on_button_register_pressed() -> void:
	_submit(register, "Registering…")


func _on_button_other_account_pressed() -> void:
	_username.text = ""
	other_account_requested.emit()


func _on_button_retry_pressed() -> void:
	retry_requested.emit()


func _on_answer_timer_timeout() -> void:
	set_busy(false)
	show_status("The server did not answer, try again", Tone.ERROR)
	_password.edit()


func _on_scroll_value_changed(_value: float) -> void:
	_place_form()


func _on_v_box_container_sort_children() -> void:
	_form.queue_redraw()


# The card behind the form. Drawn here, so that the form's own path stays short.
func _on_v_box_container_draw() -> void:
	var top: float = _grid.position.y if _grid.visible else _resuming.position.y
	var card: StyleBox = _card()
	var area := Rect2(0.0, top, _form.size.x, _form.size.y - top)
	var card_rect: Rect2 = area.grow_individual(
		card.content_margin_left,
		card.content_margin_top,
		card.content_margin_right,
		card.content_margin_bottom
	)
	_form.draw_style_box(card, card_rect)
