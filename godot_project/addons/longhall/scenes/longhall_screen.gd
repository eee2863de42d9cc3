class_name LonghallScreen
extends Control
## What [LoginScreen], [Chatbox] and [ChatOverlay] have in common: how they come to their
## [NetworkClient], when they show themselves, and room for a phone's keyboard.

const KeyboardRoom := preload("keyboard_room.gd")
const WindowFilling := preload("window_filling.gd")

@export_group("Network Client")

## The node that connects. When empty, the nearest one in the tree is taken: that
## of the same scene, else that of a scene around it.
@export var client: NetworkClient:
	set(value):
		client = value
		if is_node_ready():
			_wiring.look_for_client()

## Whether the screen talks to the [NetworkClient] itself. Switch it off to connect
## its signals and call its methods yourself.
@export var wire_to_client: bool = true:
	set(value):
		wire_to_client = value
		if is_node_ready():
			_wiring.look_for_client()

## Whether the screen shows and hides itself: the login screen is there while the
## player is logged out, the chatbox and the overlay while they are in.
@export var show_by_itself: bool = true

## Whether the cursor goes into the screen's first empty field when it is shown.
@export var focus_when_shown: bool = true

## Whether the screen makes room for the keyboard that a phone or tablet lays over it.
## Switch it off where your game does so itself.
@export var make_room_for_keyboard: bool = true:
	set(value):
		make_room_for_keyboard = value
		if is_node_ready():
			_make_room()

## How much of the screen is under such a keyboard, from below; 0 without one.
var keyboard_height: float:
	get:
		return _keyboard.covered if make_room_for_keyboard else 0.0

var _keyboard := KeyboardRoom.new()

@onready var _wiring: LonghallWiring = %Wiring


func _init() -> void:
	add_child(_keyboard, false, Node.INTERNAL_MODE_BACK)


func _notification(what: int) -> void:
	if what == NOTIFICATION_ENTER_TREE:
		WindowFilling.fill(self)


# For the screens, when they are ready.
func _start() -> void:
	WindowFilling.fill_for_now(self)
	_wiring.start()


# A method of the screen, so that nobody calls it when the screen is gone.
func _on_around_resized(around: Control) -> void:
	WindowFilling.end(self, around)


# For the screens: lays them out anew above the keyboard.
func _make_room() -> void:
	pass
