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


## Draws what is behind [param paragraphs], those in sight that are marked, of all that
## begin at the height [param top]; [param line_of] returns their lines.
func draw(top: float, paragraphs: PackedInt32Array, line_of: Callable) -> void:
	if not marked.is_empty():
		RenderingServer.canvas_item_clear(_behind)
		marked.clear()
	if paragraphs.is_empty():
		return
	var begin: float = top - _log.get_theme_constant(&"paragraph_separation") / 2.0
	for paragraph: int in paragraphs:
		var line: Line = line_of.call(paragraph)
		# Behind the last line there is an empty paragraph.
		var above: float = _log.get_paragraph_offset(paragraph)
		var below: float = _log.get_paragraph_offset(paragraph + 1)
		_draw_row(line, begin + above, begin + below)


func _draw_row(line: Line, top: float, bottom: float) -> void:
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
