extends RefCounted
## Draws what is behind the lines of a [ChatLog]: own lines and those that call this
## player are marked over their whole row, with a bar where they begin.

const Line := preload("chat_line.gd")

## How wide a bar is, where the text leaves room for it.
const _BAR: float = 3.0

## The rows that are marked now, as far as they are in sight.
var marked: Array[Rect2] = []

var _log: RichTextLabel
var _behind: RID


func _init(chat_log: RichTextLabel) -> void:
	_log = chat_log
	_behind = RenderingServer.canvas_item_create()
	RenderingServer.canvas_item_set_parent(_behind, chat_log.get_canvas_item())
	RenderingServer.canvas_item_set_draw_behind_parent(_behind, true)


func _notification(what: int) -> void:
	if what == NOTIFICATION_PREDELETE:
		RenderingServer.free_rid(_behind)


## Draws what is behind the paragraphs from [param paragraph] on that are in sight, of
## [param count] that begin at the height [param top]; [param line_of] returns their lines.
func draw(top: float, paragraph: int, count: int, line_of: Callable) -> void:
	RenderingServer.canvas_item_clear(_behind)
	marked.clear()
	var gap: float = _log.get_theme_constant(&"paragraph_separation") / 2.0
	var begin: float = top + _log.get_paragraph_offset(paragraph)
	while paragraph < count and begin < _log.size.y:
		var line: Line = line_of.call(paragraph)
		paragraph += 1
		# Behind the last line there is an empty paragraph.
		var end: float = top + _log.get_paragraph_offset(paragraph)
		_draw_row(line, begin - gap, end - gap)
		begin = end


func _draw_row(line: Line, top: float, bottom: float) -> void:
	var is_said: bool = line != null and line.kind == Line.Kind.SAID and not line.is_deleted
	if not is_said or not (line.is_own or line.is_mention):
		return
	var scroll: VScrollBar = _log.get_v_scroll_bar()
	var row := Rect2(0.0, top, _log.size.x, bottom - top)
	if scroll.visible:
		row.size.x = scroll.position.x
	marked.append(row)
	var margin: float = _log.get_theme_stylebox(&"normal").get_margin(SIDE_LEFT)
	var bar := Rect2(row.position, Vector2(minf(_BAR, margin / 2.0), row.size.y))
	_fill(row, &"own_background_color" if line.is_own else &"mention_background_color")
	_fill(bar, &"own_name_color" if line.is_own else &"unread_color")


func _fill(area: Rect2, color_name: StringName) -> void:
	var color: Color = _log.get_theme_color(color_name, &"Chatbox")
	RenderingServer.canvas_item_add_rect(_behind, area, color)
