extends VBoxContainer
## A part of the [AccountScreen]: a heading, what the player can do there, and what came of
## it.
##
## It knows no network: what it wants done it says by [signal asked], and is told what came
## of it. To add a part of your own, extend this and call [method AccountScreen.add_section].

## The player wants [param method] of the [NetworkClient] called with [param arguments];
## [param answered] takes the [NetworkRequest] when it has ended.
signal asked(method: StringName, arguments: Array, answered: Callable)

const Parts := preload("res://addons/longhall/scenes/longhall_parts.gd")

const _APART: int = 6

## What came of the last wish.
var status := Parts.status()

var _buttons: Array[Button] = []


func _init(heading: String) -> void:
	add_theme_constant_override("separation", _APART)
	add_child(HSeparator.new())
	add_child(Parts.title(heading))
	_fill()
	add_child(status)
	visibility_changed.connect(_on_visibility_changed)


## Called when the screen is opened, and after each answer.
func show_account(_codes_left: int, _has_second_factor: bool) -> void:
	pass


## Called as [method show_account] is, with [member NetworkClient.deletion_at_ms].
func show_deletion(_deleted_at_ms: int) -> void:
	pass


## Called as [method show_account] is, with [method NetworkClient.is_guest]. A guest has no
## password: what asks for one is for accounts alone.
func show_guest(is_guest: bool) -> void:
	visible = not is_guest


## Called when the screen is opened, while the server can be asked.
func refresh() -> void:
	pass


# For the parts: what is on them.
func _fill() -> void:
	pass


# For the parts: secrets are not left on a screen that is closed.
func _forget() -> void:
	pass


func _add_button(button: Button, node_name: String, pressed: Callable) -> Button:
	button.name = node_name
	button.pressed.connect(pressed)
	_buttons.append(button)
	return button


func _ask(method: StringName, arguments: Array, answered: Callable) -> void:
	Parts.say(status, "")
	_lock(true)
	asked.emit(method, arguments, _on_answered.bind(answered))


func _lock(is_busy: bool) -> void:
	for button: Button in _buttons:
		button.disabled = is_busy


func _on_answered(request: NetworkRequest, answered: Callable) -> void:
	_lock(false)
	if request.ok:
		answered.call(request)
	else:
		Parts.say(status, _words_for(request))


# For the parts: why something was refused.
func _words_for(request: NetworkRequest) -> String:
	if request.code == "bad_credentials":
		return tr("This is not your password")
	return LonghallText.of_request(request)


func _on_visibility_changed() -> void:
	if not is_visible_in_tree():
		_forget()
		Parts.say(status, "")
