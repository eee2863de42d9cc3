extends Node
## Tells a [LonghallScreen] how much of it is under the keyboard that a phone or tablet
## lays over the window.

## Returns the keyboard's height in pixels of the window; 0 while there is none.
var measure: Callable = DisplayServer.virtual_keyboard_get_height
## The height under it, in the screen's own units.
var covered: float = 0.0

@onready var _screen: Control = get_parent()


func _init() -> void:
	# It comes also while the tree is paused.
	process_mode = Node.PROCESS_MODE_ALWAYS


func _ready() -> void:
	set_process(DisplayServer.has_feature(DisplayServer.FEATURE_VIRTUAL_KEYBOARD))


func _process(_delta: float) -> void:
	var now: float = _covered_now()
	if not is_equal_approx(now, covered):
		covered = now
		_screen.call(&"_make_room")


func _covered_now() -> float:
	var height: float = measure.call()
	if height <= 0.0 or not _screen.is_visible_in_tree():
		return 0.0
	var viewport: Viewport = _screen.get_viewport()
	var to_window: Transform2D = (
		viewport.get_screen_transform() * _screen.get_global_transform_with_canvas()
	)
	var keyboard_top: float = viewport.get_window().size.y - height
	var below: float = (to_window * _screen.size).y - keyboard_top
	return clampf(below / to_window.get_scale().y, 0.0, _screen.size.y)
