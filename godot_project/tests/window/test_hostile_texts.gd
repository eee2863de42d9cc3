extends "res://tests/test_case.gd"
## Texts made to harm screens, drawn: none leaves its row, and who said it stays where it is.
## The texts are those that the packets are tested with.

const CHATBOX: PackedScene = preload("res://addons/longhall/scenes/chatbox/chatbox.tscn")
const TEXTS: String = "res://../rust/packet/tests/hostile/texts.json"
const SIZE := Vector2i(1152, 648)
## A row of any text is at most so many times as high as a plain one.
const HIGHEST: float = 2.5
## Part of a row's height by which ink may stand beyond it.
const INK_BEYOND: float = 0.5

var _chatbox: Chatbox


func set_up() -> void:
	tree.root.size = SIZE
	_chatbox = CHATBOX.instantiate()
	_chatbox.wire_to_client = false
	_chatbox.username = "ada"
	_chatbox.show_timestamps = false
	_chatbox.line_format = "{sender}: {text}"
	await add(_chatbox)


func test_no_text_leaves_its_row() -> void:
	var said: Array[Dictionary] = _said()
	check(said.size() >= 40, "the texts are not found")
	var chat_log: ChatLog = _chatbox.get_log("")
	var plain: float = 0.0
	for case: Dictionary in said:
		_chatbox.begin_anew()
		_show("above")
		_show(str(case["text"]))
		_show("below")
		await frames(2)
		await wait_until(chat_log.is_written, "the lines")
		await frames(2)
		var what: String = case["what"]
		var top: float = chat_log.get_paragraph_offset(1)
		var end: float = chat_log.get_paragraph_offset(2)
		var rows: int = maxi(_rows_before(chat_log, end) - _rows_before(chat_log, top), 1)
		var height: float = (end - top) / rows
		if plain == 0.0:
			plain = height
		check(height <= plain * HIGHEST, "%s: a row is %.1f high, not %.1f" % [what, height, plain])
		var beyond: float = _ink_beyond(chat_log, top, end)
		check(beyond <= plain * INK_BEYOND, "%s: ink stands %.0f beyond" % [what, beyond])
		var folder: String = Arguments.value_of("out", "")
		if not folder.is_empty():
			var shown: Image = tree.root.get_texture().get_image()
			shown.save_png(folder.path_join(what.validate_filename().left(50) + ".png"))


func _show(text: String) -> void:
	_chatbox.show_line("lobby", "mallory", text, 1_700_000_000_000)


func _said() -> Array[Dictionary]:
	var found: Array[Dictionary] = []
	var file: String = ProjectSettings.globalize_path(TEXTS)
	for case: Dictionary in JSON.parse_string(FileAccess.get_file_as_string(file)):
		if case["becomes"] == "said":
			case["text"] = case.get("shown", case["text"])
			found.append(case)
	return found


func _rows_before(chat_log: RichTextLabel, height: float) -> int:
	var rows: int = 0
	while rows < chat_log.get_line_count() and chat_log.get_line_offset(rows) < height - 0.5:
		rows += 1
	return rows


# How far ink of the line stands beyond its paragraph, above and below, where nothing else is:
# to the right of the plain lines.
func _ink_beyond(chat_log: RichTextLabel, top: float, end: float) -> float:
	var picture: Image = tree.root.get_texture().get_image()
	var box: Rect2 = chat_log.get_global_rect()
	var scrolled: float = chat_log.get_v_scroll_bar().value
	var inset: Vector2 = chat_log.get_theme_stylebox("normal").get_offset()
	var row := func(at: float) -> int: return int(box.position.y + inset.y + at - scrolled)
	var from_x: int = int(box.position.x + 220.0)
	var to_x: int = int(box.end.x - 30.0)
	var background: Color = picture.get_pixel(from_x, int(box.end.y) - 6)
	var beyond: int = 0
	for distance: int in 60:
		for y: int in [row.call(top) - 1 - distance, row.call(end) + distance]:
			if y <= int(box.position.y) + 1 or y >= int(box.end.y) - 1:
				continue
			for x: int in range(from_x, to_x, 2):
				var color: Color = picture.get_pixel(x, y)
				if absf(color.get_luminance() - background.get_luminance()) > 0.08:
					beyond = maxi(beyond, distance + 1)
					break
	return beyond
