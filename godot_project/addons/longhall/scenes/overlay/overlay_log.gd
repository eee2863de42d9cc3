extends RichTextLabel
## Shows the lines of a [ChatOverlay] over whatever the game draws, the newest at the end,
## and is no higher than they need.

const Line := preload("overlay_line.gd")
const LineWriter := preload("res://addons/longhall/scenes/chatbox/chat_line_writer.gd")

const _WHISPER_FROM: String = "{sender} whispers: {text}"
const _WHISPER_TO: String = "To {sender}: {text}"
## Writing waits so many times as long as it took last, so that a flood of lines costs a game no
## more than a twentieth of its time.
const _PAUSES: int = 20
## Around each letter, in pixels, so that it can be read in front of anything.
const _OUTLINE: int = 5

## How lines read that are no whispers.
var writer := LineWriter.new(self)
## Lines shown at once; more can be scrolled to while [member shows_all].
var most: int = 8:
	set(value):
		most = value
		write_anew()
## The greatest height, in pixels.
var highest: float = 200.0:
	set(value):
		highest = value
		_is_unfit = true
		set_process(true)
## Whether all lines that are kept can be scrolled to.
var shows_all: bool = false:
	set(value):
		if shows_all != value:
			shows_all = value
			_show_bar()
			write_anew()

## Returns the microseconds by which the time for writing is measured.
var clock: Callable = Time.get_ticks_usec

# Whispers read in another way.
var _whisper_writer := LineWriter.new(self)
var _lines: Array[Line] = []
var _is_stale: bool = true
var _is_unfit: bool = true
# When it may write again.
var _rests_until: int = 0


func _ready() -> void:
	resized.connect(_on_resized)
	_show_bar()


func _notification(what: int) -> void:
	if what in [NOTIFICATION_THEME_CHANGED, NOTIFICATION_TRANSLATION_CHANGED]:
		write_anew()


func _process(_delta: float) -> void:
	if _is_stale:
		var began: int = clock.call()
		if began < _rests_until:
			return
		_write()
		_fit()
		var ended: int = clock.call()
		_rests_until = ended + (ended - began) * _PAUSES
	elif _is_unfit:
		_fit()
	else:
		set_process(false)


## Shows [param lines] from the next frame on.
func show_lines(lines: Array[Line]) -> void:
	_lines = lines
	write_anew()


## Writes all of it again in the next frame.
func write_anew() -> void:
	_is_stale = true
	set_process(true)


## Whether what is to be seen is what there is.
func is_written() -> bool:
	return not _is_stale and not _is_unfit


## Draws the letters in front of [param ground], which is around each of them.
func stand_on(ground: Color) -> void:
	add_theme_color_override(&"font_outline_color", ground)
	add_theme_constant_override(&"outline_size", _OUTLINE)


## Scrolls by [param pages] of what is to be seen, up if negative.
func scroll_by_pages(pages: float) -> void:
	var bar: VScrollBar = get_v_scroll_bar()
	bar.value += pages * bar.page * 0.9


func _write() -> void:
	_is_stale = false
	clear()
	var shown: Array[Line] = _lines if shows_all else _lines.slice(-most)
	for line: Line in shown:
		_write_line(line)
	if not shown.is_empty():
		# Each line ends itself, and behind the last one nothing follows.
		remove_paragraph(get_paragraph_count() - 1)
	_is_unfit = true


func _write_line(line: Line) -> void:
	if line.tells_channel:
		push_color(get_theme_color(&"notice_color", &"Chatbox"))
		add_text("[%s%s%s] " % [LineWriter.ISOLATE, line.channel, LineWriter.POP_ISOLATE])
		pop()
	if not line.is_whisper():
		writer.write(line)
		return
	_whisper_writer.show_timestamps = writer.show_timestamps
	_whisper_writer.sender_colors = writer.sender_colors
	_whisper_writer.line_format = _WHISPER_FROM
	_whisper_writer.action_format = writer.action_format
	if not line.is_own or line.text.begins_with(LineWriter.ACTION):
		_whisper_writer.write(line)
		return
	# Whom it is for is what the player wants to see.
	var told := Line.new()
	told.text = line.text
	told.sent_at_ms = line.sent_at_ms
	told.fate = line.fate
	told.is_edited = line.is_edited
	told.is_deleted = line.is_deleted
	told.sender = line.channel.substr(1)
	_whisper_writer.line_format = _WHISPER_TO
	_whisper_writer.write(told)


func _fit() -> void:
	_is_unfit = false
	custom_minimum_size.y = minf(ceilf(float(get_content_height())), highest)
	get_v_scroll_bar().value = get_v_scroll_bar().max_value


# The bar is of use to who can move it.
func _show_bar() -> void:
	var bar: VScrollBar = get_v_scroll_bar()
	bar.modulate.a = 1.0 if shows_all else 0.0
	bar.mouse_filter = Control.MOUSE_FILTER_STOP if shows_all else Control.MOUSE_FILTER_IGNORE


func _on_resized() -> void:
	_is_unfit = true
	set_process(true)
