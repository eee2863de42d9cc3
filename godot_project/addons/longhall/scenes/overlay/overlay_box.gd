extends MarginContainer
## Where a [ChatOverlay] draws: how large its parts are, where they stand, and what is behind
## them.

const Look := preload("res://addons/longhall/scenes/longhall_look.gd")
const OverlayLog := preload("overlay_log.gd")

const _MARGIN: float = 10.0
## So much of the height the lines may have at most.
const _MOST_OF_HEIGHT: float = 0.5
## Whose ground is behind the lines.
const _GROUND_OF: StringName = &"LogPanel"
## How much of it there is behind the input, whatever is wanted behind lines.
const _SOLID: float = 0.92
const _RADIUS: int = 8
const _PADDING: float = 8.0

@onready var _column: VBoxContainer = %Column
@onready var _panel: PanelContainer = %Panel
@onready var _log: OverlayLog = %Log
@onready var _row: HBoxContainer = %Row_Input
@onready var _button: Button = %Button_Type


## Takes its place in [param overlay].
func place(overlay: ChatOverlay) -> void:
	var corner: ChatOverlay.Place = overlay.corner
	var left: Array[ChatOverlay.Place] = [ChatOverlay.Place.BOTTOM_LEFT, ChatOverlay.Place.TOP_LEFT]
	var top: Array[ChatOverlay.Place] = [ChatOverlay.Place.TOP_LEFT, ChatOverlay.Place.TOP_RIGHT]
	var across: SizeFlags = SIZE_SHRINK_BEGIN if corner in left else SIZE_SHRINK_END
	_column.size_flags_horizontal = across
	_column.size_flags_vertical = SIZE_SHRINK_BEGIN if corner in top else SIZE_SHRINK_END
	_button.size_flags_horizontal = across
	var room: float = overlay.size.x - 2.0 * _MARGIN
	_panel.custom_minimum_size.x = maxf(minf(overlay.max_width, room), 0.0)
	for side: String in ["left", "top", "right"]:
		add_theme_constant_override("margin_" + side, int(_MARGIN))
	add_theme_constant_override("margin_bottom", int(_MARGIN + overlay.keyboard_height))
	var height: float = maxf(overlay.size.y - overlay.keyboard_height, 0.0)
	_log.highest = minf(overlay.max_height, height * _MOST_OF_HEIGHT)


## Has the lines read as [param overlay] wants them.
func write_as(overlay: ChatOverlay) -> void:
	_log.writer.line_format = overlay.line_format
	_log.writer.action_format = overlay.action_format
	_log.writer.show_timestamps = overlay.show_timestamps
	var colors: PackedColorArray = []
	for color: Color in overlay.sender_colors:
		colors.append(Look.readable(color, [_ground()]))
	_log.writer.sender_colors = colors
	_log.most = overlay.max_lines


## Draws the lines in front of as much of their ground as [param strength] says, from 0 to 1,
## and more of it while the player types.
func dress(strength: float, is_typing: bool) -> void:
	var panel := StyleBoxFlat.new()
	panel.bg_color = Color(_ground(), maxf(strength, _SOLID) if is_typing else strength)
	panel.set_corner_radius_all(_RADIUS)
	panel.set_content_margin_all(_PADDING)
	_panel.add_theme_stylebox_override(&"panel", panel)
	_log.stand_on(_ground())


## Shows the input, or hides it. Without it the mouse goes through everything.
func set_typing(is_typing: bool) -> void:
	_row.visible = is_typing
	_log.shows_all = is_typing
	_log.mouse_filter = MOUSE_FILTER_PASS if is_typing else MOUSE_FILTER_IGNORE
	_panel.mouse_filter = MOUSE_FILTER_STOP if is_typing else MOUSE_FILTER_IGNORE


## Lets as much of it be seen, from 0 to 1, if there is anything in it.
func set_opacity(opacity: float, has_something: bool) -> void:
	_panel.visible = has_something and opacity > 0.0
	_panel.modulate.a = opacity


# That of a chat in the game's theme, without what is seen through it.
func _ground() -> Color:
	return Color(Look.ground(_column, _GROUND_OF), 1.0)
