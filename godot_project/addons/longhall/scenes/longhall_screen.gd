class_name LonghallScreen
extends Control
## What [LoginScreen] and [Chatbox] have in common: how they come to their
## [NetworkClient], and when they show themselves.

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
## player is logged out, the chatbox while they are in.
@export var show_by_itself: bool = true

## Whether the cursor goes into the screen's first empty field when it is shown.
@export var focus_when_shown: bool = true

@onready var _wiring: LonghallWiring = %Wiring
