class_name LoginScreen
extends Control
## Asks for a name and a password, and says why they were refused.
##
## Knows no network. It emits [signal login] or [signal register] and locks the
## form; the parent answers with [method show_denied] or
## [method show_registered], or replaces the whole screen. Without an answer
## the form unlocks by itself after [member answer_timeout].

## The player asked to log in, with both fields filled.
signal login(username: String, password: String)
## The player asked for a new account, with both fields filled.
signal register(username: String, password: String)
## The player asked to try the server again.
signal retry_requested

## How the status line looks.
enum Tone { INFO, SUCCESS, ERROR }

const _TONE_LABELS: Array[StringName] = [&"StatusInfo", &"StatusSuccess", &"StatusError"]
const _TONE_ICONS: Array[Texture2D] = [
	preload("res://addons/longhall/themes/tone_info.svg"),
	preload("res://addons/longhall/themes/tone_success.svg"),
	preload("res://addons/longhall/themes/tone_error.svg"),
]
const _EYE_OPEN: Texture2D = preload("res://addons/longhall/themes/eye_open.svg")
const _EYE_CLOSED: Texture2D = preload("res://addons/longhall/themes/eye_closed.svg")

## Denials that are about the name, so that the cursor goes there.
const _NAME_CODES: Array[String] = ["username_taken"]

## Seconds without an answer after which the form unlocks.
@export_range(1.0, 120.0, 0.5, "or_greater", "suffix:s") var answer_timeout: float = 20.0

## The name in the form, without the spaces around it. Set it once the screen is ready.
var username: String:
	get:
		return _username.text.strip_edges()
	set(value):
		_username.text = value
		focus_first_empty()

var _busy: bool = false
var _online: bool = true

@onready var _form: VBoxContainer = %VBoxContainer
@onready var _grid: GridContainer = %GridContainer
@onready var _username: LineEdit = %LineEdit_Username
@onready var _password: LineEdit = %LineEdit_Password
@onready var _reveal: Button = %Button_Reveal
@onready var _login: Button = %Button_Login
@onready var _register: Button = %Button_Register
@onready var _status: Label = %Label_Status
@onready var _status_icon: TextureRect = %Icon_Status
@onready var _connection: Label = %Label_Connection
@onready var _connection_dot: TextureRect = %Icon_Connection
@onready var _retry: Button = %Button_Retry
@onready var _answer_timer: Timer = %AnswerTimer


func _ready() -> void:
	show_status("")
	_refresh()
	focus_first_empty()


## Puts the cursor where the player has to type next.
func focus_first_empty() -> void:
	if _username.text.is_empty():
		_username.edit()
	else:
		_password.edit()


## Tells how many characters the fields may take.
func set_limits(username_max: int, password_max: int) -> void:
	# Only a change is set: setting it moves the caret to the start.
	if _username.max_length != username_max:
		_username.max_length = username_max
	if _password.max_length != password_max:
		_password.max_length = password_max


## Shows [param text] in the status line; an empty one clears it.
func show_status(text: String, tone: Tone = Tone.INFO) -> void:
	_status.text = text
	_status.theme_type_variation = _TONE_LABELS[tone]
	_status_icon.texture = _TONE_ICONS[tone]
	_status_icon.self_modulate = _status.get_theme_color(&"font_color")
	_status_icon.visible = not text.is_empty()


## Unlocks the form and says why the request was refused: the translation of
## [param code] if the game has one, else [param reason]. The name stays.
func show_denied(code: String, reason: String) -> void:
	set_busy(false)
	var translated: String = tr(code)
	show_status(reason if translated == code else translated, Tone.ERROR)
	if code in _NAME_CODES:
		_username.edit()
		_username.select_all()
	else:
		_password.edit()


## Unlocks the form and tells that the account exists now. Registering does not
## log in: the name stays, and the password is asked for once more.
func show_registered() -> void:
	set_busy(false)
	show_status(tr("Registration successful. Log in with your new account."), Tone.SUCCESS)
	_password.edit()


## Locks the form while a request is under way, and unlocks it afterwards.
func set_busy(busy: bool) -> void:
	_busy = busy
	if busy:
		_answer_timer.start(answer_timeout)
	else:
		_answer_timer.stop()
	_refresh()


## Whether requests can be made now, with a [param text] that says so: "Connected",
## or why not. A lost connection also unlocks a waiting form. With
## [param can_retry] a button offers to try again.
func set_online(online: bool, text: String, can_retry: bool = false) -> void:
	_online = online
	_connection.text = text
	_retry.visible = can_retry and not online
	if _busy and not online:
		set_busy(false)
		show_status(tr("The connection was lost before the answer came"), Tone.ERROR)
	_refresh()


func _refresh() -> void:
	var tone: Tone = Tone.SUCCESS if _online else Tone.ERROR
	_connection_dot.self_modulate = get_theme_color(&"font_color", _TONE_LABELS[tone])
	_username.editable = not _busy
	_password.editable = not _busy
	_login.disabled = _busy or not _online
	_register.disabled = _busy or not _online
	var why: String = "" if _online else _connection.text
	_login.tooltip_text = why
	_register.tooltip_text = why


func _submit(request: Signal, doing: String) -> void:
	if _busy:
		return
	if not _online:
		show_status(tr("Not connected to the server yet"), Tone.ERROR)
		return
	if username.is_empty():
		show_status(tr("Enter a username"), Tone.ERROR)
		_username.edit()
		return
	if _password.text.is_empty():
		show_status(tr("Enter a password"), Tone.ERROR)
		_password.edit()
		return
	var password: String = _password.text
	# Not clear(): undo would bring the password back.
	_password.text = ""
	_reveal.button_pressed = false
	show_status(doing)
	set_busy(true)
	request.emit(username, password)


func _show_too_long(field: LineEdit) -> void:
	show_status(tr("At most %d characters fit here") % field.max_length, Tone.ERROR)


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
	_reveal.tooltip_text = tr("Hide the password") if revealed else tr("Show the password")


func _on_button_login_pressed() -> void:
	_submit(login, tr("Logging in…"))


func _on_button_register_pressed() -> void:
	_submit(register, tr("Registering…"))


func _on_button_retry_pressed() -> void:
	retry_requested.emit()


func _on_answer_timer_timeout() -> void:
	set_busy(false)
	show_status(tr("The server did not answer, try again"), Tone.ERROR)
	_password.edit()


func _on_v_box_container_sort_children() -> void:
	_form.queue_redraw()


# The card behind the form. Drawn here, so that the form's own path stays short.
func _on_v_box_container_draw() -> void:
	var top: float = _grid.position.y
	var card: StyleBox = get_theme_stylebox(&"panel", &"CardPanel")
	var area := Rect2(0.0, top, _form.size.x, _form.size.y - top)
	var card_rect: Rect2 = area.grow_individual(
		card.content_margin_left,
		card.content_margin_top,
		card.content_margin_right,
		card.content_margin_bottom
	)
	_form.draw_style_box(card, card_rect)
