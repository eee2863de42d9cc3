class_name ChatLog
extends RichTextLabel
## Keeps the lines of a chat, and writes them a few per frame.
##
## A reader at the end stays at the end. One further up stays where they are, and
## finds a mark where the unread lines begin. Lines this player has sent stand at
## the end, greyed, until their fate is known. While text is selected, nothing is
## taken away, so that it can be copied in peace.

## The player clicked on [param username] in front of a line.
signal name_clicked(username: String)
## So many lines have come that the player has not had in sight.
signal unread_changed(count: int)

const Line := preload("chat_line.gd")
const LineWriter := preload("chat_line_writer.gd")

## Pixels from the end at which the reader counts as being at the end.
const _END_TOLERANCE: float = 4.0
## Lines that are laid out at once.
const _LINES_PER_LAYOUT: int = 4
## When this part of all lines has to leave, it is quicker to write all anew.
const _REWRITE_PART: float = 0.25
## How much longer the log may grow while a selection keeps it from being changed.
const _SELECTION_ROOM: int = 2

## Lines kept; the oldest leave first.
var max_lines: int = 500
## Milliseconds that writing may take in one frame.
var frame_budget_ms: float = 2.0
## How a line is written. Call [method rewrite] after a change.
var writer := LineWriter.new(self)

var _lines: Array[Line] = []
var _written: int = 0
# Own lines that are not settled, behind the others.
var _tail: Array[Line] = []
var _tail_written: int = 0
var _unread: int = 0
var _unread_mark: Line
var _old_mark: Line
var _following: bool = true
var _is_writing: bool = false
var _is_looking: bool = false
# Where the reader further up is, while the lines above change.
var _place: float = NAN
# All has to be written anew.
var _stale: bool = false

@onready var _scroll: VScrollBar = get_v_scroll_bar()


func _ready() -> void:
	set_process(true)
	_scroll.value_changed.connect(_on_scroll_value_changed)
	meta_clicked.connect(_on_meta_clicked)


func _notification(what: int) -> void:
	if what in [NOTIFICATION_THEME_CHANGED, NOTIFICATION_TRANSLATION_CHANGED]:
		rewrite()


func _process(_delta: float) -> void:
	if _selection_is_in_the_way():
		return
	if _takes_something_away():
		# Not copied for so long that it cannot wait any more.
		deselect()
	var deadline: int = Time.get_ticks_usec() + int(frame_budget_ms * 1000.0)
	var follows: bool = _following
	if is_nan(_place):
		_place = _scroll.value
	_is_writing = true
	_take_tail_off()
	_take_off(_old_mark)
	_old_mark = null
	if _stale or _excess() >= max_lines * _REWRITE_PART:
		_start_anew()
	while _excess() > 0 and (Time.get_ticks_usec() < deadline or _written == 0):
		_take_off(_lines[0])
	_write_until(deadline)
	if not follows:
		# Asking for the height makes the log measure itself before it scrolls.
		get_content_height()
		_scroll.value = _place
	_is_writing = false
	_following = follows
	if _written == _lines.size() and _excess() <= 0:
		_place = NAN
		set_process(false)


## Adds a line.
func add_line(line: Line) -> void:
	if _following:
		_append(line)
		return
	if _unread == 0:
		_old_mark = _unread_mark
		_unread_mark = Line.new()
		_unread_mark.kind = Line.Kind.UNREAD_MARK
		_append(_unread_mark)
	_append(line)
	_set_unread(_unread + 1)


## Adds a line of this player's own whose fate is not known, at the end, and goes there.
func add_pending(line: Line) -> void:
	_tail.append(line)
	deselect()
	scroll_to_end()
	set_process(true)


## Adds a line that the server has sent back to its author, in place of the one
## that waited for it.
func add_echo(line: Line) -> void:
	_tail.erase(_waiting_for(line.text))
	_append(line)
	set_process(true)


## The fate of the pending line [param id] is known now, or doubted.
func set_fate(id: int, fate: Line.Fate) -> void:
	var line: Line = pending(id)
	if line != null:
		line.fate = fate
		set_process(true)


## Takes the pending line [param id] out and returns it; null if it is gone already.
func take_pending(id: int) -> Line:
	var line: Line = pending(id)
	_tail.erase(line)
	set_process(true)
	return line


## The pending line [param id]; null if it is settled.
func pending(id: int) -> Line:
	for line: Line in _tail:
		if line.id == id:
			return line
	return null


## The pending lines with that [param fate], oldest first.
func pending_with(fate: Line.Fate) -> Array[Line]:
	var found: Array[Line] = []
	for line: Line in _tail:
		if line.fate == fate:
			found.append(line)
	return found


## How many lines are pending.
func pending_count() -> int:
	return _tail.size()


## How many lines have come that the player has not had in sight.
func unread_count() -> int:
	return _unread


## Accepted lines whose echo will not come any more are said now.
func settle_accepted() -> void:
	for line: Line in pending_with(Line.Fate.ACCEPTED):
		_tail.erase(line)
		line.fate = Line.Fate.SETTLED
		_append(line)
	set_process(true)


## Forgets all lines.
func forget() -> void:
	_lines.clear()
	_tail.clear()
	_unread_mark = null
	_following = true
	_set_unread(0)
	rewrite()


## Writes all lines again, in the present style.
func rewrite() -> void:
	_stale = true
	set_process(true)


## Lines kept, notices included.
func line_count() -> int:
	return mini(_lines.size(), max_lines)


## Whether all lines are written.
func is_written() -> bool:
	return not is_processing()


## Whether there is nothing further up.
func is_at_start() -> bool:
	return _scroll.value <= _scroll.min_value


## Whether the last line is in sight.
func is_at_end() -> bool:
	return _scroll.value + _scroll.page >= _scroll.max_value - _END_TOLERANCE


## Shows the newest line, and counts all lines as read.
func scroll_to_end() -> void:
	_following = true
	_place = NAN
	_scroll.value = _scroll.max_value
	_set_unread(0)


## Scrolls by [param pages] of what is visible, up if negative.
func scroll_by_pages(pages: float) -> void:
	_scroll.value += pages * _scroll.page * 0.9
	_look_where_the_reader_is()


func _append(line: Line) -> void:
	_lines.append(line)
	if _excess() >= max_lines and not _selection_is_in_the_way():
		# More at once than is ever shown.
		_stale = true
		_lines = _lines.slice(_excess())
		_written = 0
	set_process(true)


func _excess() -> int:
	return _lines.size() - max_lines


func _takes_something_away() -> bool:
	return _tail_written > 0 or _excess() > 0 or _stale or _old_mark != null


func _selection_is_in_the_way() -> bool:
	var may_wait: bool = _lines.size() <= max_lines * _SELECTION_ROOM
	return may_wait and get_selection_from() >= 0 and _takes_something_away()


func _waiting_for(said: String) -> Line:
	# The server may have written the text in another way, so the oldest will do.
	for fate: Line.Fate in [Line.Fate.ACCEPTED, Line.Fate.UNANSWERED]:
		for line: Line in pending_with(fate):
			if line.text == said:
				return line
	var accepted: Array[Line] = pending_with(Line.Fate.ACCEPTED)
	return null if accepted.is_empty() else accepted[0]


func _write_until(deadline: int) -> void:
	var first: int = _written
	while _written < _lines.size():
		writer.write(_lines[_written])
		_written += 1
		if (_written - first) % _LINES_PER_LAYOUT == 0:
			# Measures the new lines, which costs more than writing them.
			get_content_height()
		if Time.get_ticks_usec() >= deadline:
			break
	if _written < _lines.size():
		return
	for line: Line in _tail:
		writer.write(line)
	_tail_written = _tail.size()


func _take_tail_off() -> void:
	for i: int in _tail_written:
		remove_paragraph(_written + _tail_written - 1 - i, true)
	_tail_written = 0


func _take_off(line: Line) -> void:
	var index: int = _lines.find(line)
	if index < 0:
		return
	_lines.remove_at(index)
	if index >= _written:
		return
	var top: float = get_paragraph_offset(index)
	if top < _place:
		# What the reader looks at stays where it is, as long as it is there.
		_place -= get_paragraph_offset(index + 1) - top
	remove_paragraph(index, true)
	_written -= 1


func _start_anew() -> void:
	var excess: int = maxi(_excess(), 0)
	if excess > 0 and _written > 0:
		_place -= get_paragraph_offset(clampi(excess, 0, _written - 1))
	_lines = _lines.slice(excess)
	clear()
	_written = 0
	_tail_written = 0
	_stale = false


func _set_unread(count: int) -> void:
	if _unread != count:
		_unread = count
		unread_changed.emit(count)


func _on_scroll_value_changed(_value: float) -> void:
	# While the engine lays out the lines anew, the end is here and there.
	if not _is_writing and not _is_looking:
		_is_looking = true
		_look_where_the_reader_is.call_deferred()


func _look_where_the_reader_is() -> void:
	_is_looking = false
	_following = is_at_end()
	if _following:
		_set_unread(0)


func _on_meta_clicked(meta: Variant) -> void:
	name_clicked.emit(str(meta))
