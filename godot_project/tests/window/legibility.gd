extends RefCounted
## Measures in pictures of the window how well its text can be read, as WCAG 2 does.
##
## One picture is taken with all text and one without; where they differ, there are
## letters, and the second one shows what they stand on. Letters are soft at their
## edges, so the strongest of their points count. A line can have several colours, so
## it is measured piece by piece.

## What WCAG 2 asks for text, level AA.
const LEAST: float = 4.5

## What soft edges take off it: black on #777777, the most there can be on that ground, has
## 4.69 and gives 4.47 in bold letters and 4.43 in thin ones, as a clock's digits fall.
const _SOFT: float = 0.15
## Size of a piece, in pixels of the window; the height is that of pieces of lines.
const _PIECE := Vector2i(48, 16)
## A piece with fewer points of text than this is a dot or the tip of a letter.
const _FEWEST: int = 40
## Points paler than this count as the soft edge.
const _FAINT: float = 1.12
## The part of a piece's points that are letters in full strength.
const _STRONG: float = 0.06
## The part of a piece that one colour fills if it is what the letters stand on.
const _GROUND: float = 0.15

const _LETTERS: Array[StringName] = [
	&"font_color",
	&"font_hover_color",
	&"font_pressed_color",
	&"font_focus_color",
	&"font_hover_pressed_color",
	&"font_disabled_color",
	&"font_uneditable_color",
	&"font_placeholder_color",
	&"caret_color",
	&"font_shadow_color",
	&"font_outline_color",
]

static var _linear: PackedFloat64Array = _make_linear()

## What cannot be read: control, contrast and place, one sentence each.
var complaints: PackedStringArray = []
## How many pieces were measured.
var pieces: int = 0

var _with: Image
var _without: Image


## Measures all text that is to be seen in [param screen].
func measure(screen: Control) -> void:
	var controls: Array[Control] = []
	_find_text(screen, controls)
	_with = await _picture(screen)
	for control: Control in controls:
		_set_letters(control, false)
	_without = await _picture(screen)
	for control: Control in controls:
		_set_letters(control, true)
	for control: Control in controls:
		_measure(control, screen)


static func _make_linear() -> PackedFloat64Array:
	var table: PackedFloat64Array = []
	for value: int in 256:
		table.append(Color8(value, 0, 0).srgb_to_linear().r)
	return table


func _find_text(node: Node, found: Array[Control]) -> void:
	var control := node as Control
	if control != null and not control.is_visible_in_tree():
		return
	if node is Chatbox and (node.get_node("%ChannelMenu") as Control).visible:
		# Everything behind it is dimmed, since it is not to be read.
		_find_text(node.get_node("%ChannelMenu"), found)
		return
	if node is Label or node is Button or node is LineEdit or node is RichTextLabel:
		found.append(control)
	elif node is Tree:
		found.append(control)
	for child: Node in node.get_children():
		_find_text(child, found)


func _picture(screen: Control) -> Image:
	for i: int in 3:
		await screen.get_tree().process_frame
	await RenderingServer.frame_post_draw
	var image: Image = screen.get_viewport().get_texture().get_image()
	image.convert(Image.FORMAT_RGB8)
	return image


# Without moving anything.
func _set_letters(control: Control, shows: bool) -> void:
	if control is Label or control is Button or control is LineEdit:
		for item: StringName in _LETTERS:
			if shows:
				control.remove_theme_color_override(item)
			else:
				control.add_theme_color_override(item, Color.TRANSPARENT)


func _measure(control: Control, screen: Control) -> void:
	var area: Rect2i = _area_in_sight(control, screen)
	# Their letters cannot be taken away, but nothing else is in there.
	var has_lines: bool = control is RichTextLabel or control is Tree
	var height: int = _PIECE.y if has_lines else area.size.y
	var y: int = area.position.y
	while y < area.end.y:
		var x: int = area.position.x
		while x < area.end.x:
			var piece := Rect2i(x, y, _PIECE.x, height)
			_measure_piece(control, piece.intersection(area), has_lines)
			x += _PIECE.x
		y += height


func _measure_piece(control: Control, piece: Rect2i, has_lines: bool) -> void:
	var grounds: Dictionary[Color, bool] = {}
	if has_lines:
		grounds = _grounds_of(piece)
	var contrasts: PackedFloat64Array = []
	for y: int in range(piece.position.y, piece.end.y):
		var ground := Color.TRANSPARENT
		for x: int in range(piece.position.x, piece.end.x):
			var letter: Color = _with.get_pixel(x, y)
			if not has_lines:
				ground = _without.get_pixel(x, y)
			elif grounds.has(letter):
				# Lines may have a ground of their own: the one just left of the letter.
				ground = letter
			if letter == ground or ground == Color.TRANSPARENT:
				continue
			var contrast: float = contrast_of(letter, ground)
			if contrast > _FAINT:
				contrasts.append(contrast)
	if contrasts.size() < _FEWEST:
		return
	contrasts.sort()
	var strong: float = contrasts[int(contrasts.size() * (1.0 - _STRONG))]
	pieces += 1
	if strong < LEAST - _SOFT:
		complaints.append("%s has %.2f : 1 at %s" % [control.name, strong, piece])


func _area_in_sight(control: Control, screen: Control) -> Rect2i:
	var area: Rect2 = control.get_global_rect().intersection(screen.get_viewport_rect())
	var around: Control = control.get_parent_control()
	while around != null and around != screen:
		if around.clip_contents or around is ScrollContainer:
			area = area.intersection(around.get_global_rect())
		around = around.get_parent_control()
	var rich := control as RichTextLabel
	if rich != null and rich.get_v_scroll_bar().visible:
		area.size.x -= rich.get_v_scroll_bar().size.x
	area = screen.get_viewport().get_final_transform() * area
	return Rect2i(area).intersection(Rect2i(Vector2i.ZERO, _with.get_size()))


# What fills much of the piece, as no letter does.
func _grounds_of(piece: Rect2i) -> Dictionary[Color, bool]:
	var counts: Dictionary[Color, int] = {}
	for y: int in range(piece.position.y, piece.end.y):
		for x: int in range(piece.position.x, piece.end.x):
			var color: Color = _with.get_pixel(x, y)
			counts[color] = counts.get(color, 0) + 1
	var found: Dictionary[Color, bool] = {}
	for color: Color in counts:
		if counts[color] > piece.get_area() * _GROUND:
			found[color] = true
	return found


static func _brightness(color: Color) -> float:
	return 0.2126 * _linear[color.r8] + 0.7152 * _linear[color.g8] + 0.0722 * _linear[color.b8]


static func _contrast(one: float, other: float) -> float:
	return (maxf(one, other) + 0.05) / (minf(one, other) + 0.05)


## The contrast of two colours in a picture.
static func contrast_of(one: Color, other: Color) -> float:
	return _contrast(_brightness(one), _brightness(other))


## What was measured.
func picture() -> Image:
	return _with
