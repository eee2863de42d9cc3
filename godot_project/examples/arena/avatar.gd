extends Node2D
## A player in the arena: a ball with a name, and what the player says over it.

const RADIUS: float = 20.0

var _username: String


func _init(username: String) -> void:
	_username = username
	name = username.uri_encode()
	var label := Label.new()
	label.text = username
	label.position = Vector2(-60.0, RADIUS)
	label.size.x = 120.0
	label.horizontal_alignment = HORIZONTAL_ALIGNMENT_CENTER
	add_child(label)
	var bubble := LonghallBubble.new()
	bubble.username = username
	bubble.offset_2d = Vector2(0.0, -RADIUS - 6.0)
	add_child(bubble)


func _draw() -> void:
	draw_circle(Vector2.ZERO, RADIUS, Color.from_hsv(_username.hash() % 360 / 360.0, 0.6, 0.9))
