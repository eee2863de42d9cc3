class_name ChatLog
extends RichTextLabel
## Shows the lines of a chat, and writes them a few per frame.
##
## A reader at the end stays at the end. One further up stays where they are, and
## finds a mark where the unread lines begin. Lines this player has sent stand at
## the end, greyed, until their fate is known. While text is selected, nothing is
## taken away, so that it can be copied in peace.
## [br][br]
## Only a part of the lines is laid out: the latest ones, or those around a reader
## who looks up older ones. At its top the log asks for more of them, as long as
## [member has_more] says that there are any.

## The player clicked on [param username] in front of a line.
signal name_clicked(username: String)
## So many lines have come that the player has not had in sight.
signal unread_changed(count: int)
## The reader is at the top of all lines, and there are older ones.
signal older_wanted
## The line with that number, the newest one, has come into sight.
signal seen(seq: int)

const LaidOut := preload("laid_out.gd")
const Layout := preload("chat_layout.gd")
const Line := preload("chat_line.gd")
const Lines := preload("chat_lines.gd")
const LineWriter := preload("chat_line_writer.gd")
const Pace := preload("chat_pace.gd")
const PlainText := preload("plain_text.gd")
const Rows := preload("chat_rows.gd")

## Pixels from the end at which the reader counts as being at the end.
const _END_TOLERANCE: float = 4.0

# The frame in which a log that is not in sight has written something.
static var _hidden_write_frame: int = -1

## Lines laid out, and kept if they have no number; the oldest leave first.
var max_lines: int:
	get:
		return _lines.max_lines
	set(value):
		_lines.max_lines = value
## Lines kept that have a number. With more, no older ones are asked for.
var max_history_lines: int:
	get:
		return _lines.max_history_lines
	set(value):
		_lines.max_history_lines = value
## Milliseconds that writing may take in one frame.
var frame_budget_ms: float = 2.0
## How a line is written. Call [method rewrite] after a change.
var writer: LineWriter:
	get:
		return _layout.writer
## Whether there are older lines than the first one here, to be asked for.
var has_more: bool:
	get:
		return _lines.has_more
	set(value):
		_lines.has_more = value
## Whether older lines are on their way.
var is_loading: bool:
	get:
		return _lines.is_loading
	set(value):
		_lines.is_loading = value
## Whether days stand between lines of different days.
var shows_days: bool:
	get:
		return _lines.shows_days
	set(value):
		_lines.shows_days = value
## Whether the player looks at the log: it is in sight, in the window in use.
var is_attended: bool:
	get:
		return _lines.is_attended
	set(value):
		_lines.is_attended = value
		set_process(true)
## Lines up to this number are read already, perhaps elsewhere.
var read_seq: int:
	get:
		return _lines.read_seq
	set(value):
		_lines.read_seq = value

# What there is, and what of it is written.
var _lines := Lines.new()
var _layout := Layout.new(self, _lines)
var _rows := Rows.new(self)
var _pace := Pace.new()
var _is_writing: bool = false
var _is_looking: bool = false
# Where the reader wants to be.
var _goes_to_end: bool = false
var _goes_to_mark: bool = false

@onready var _scroll: VScrollBar = get_v_scroll_bar()


func _init() -> void:
	_lines.changed.connect(set_process.bind(true))
	_lines.unread_changed.connect(unread_changed.emit)


func _ready() -> void:
	set_process(true)
	_scroll.value_changed.connect(_on_scroll_value_changed)
	meta_clicked.connect(_on_meta_clicked)


func _notification(what: int) -> void:
	if what in [NOTIFICATION_THEME_CHANGED, NOTIFICATION_TRANSLATION_CHANGED]:
		rewrite()


func _draw() -> void:
	var top: float = top_of_lines()
	_rows.draw(top, _layout.marked_within(-top, size.y - top), _layout.line_of)


func _process(delta: float) -> void:
	if _selection_is_in_the_way() or not _may_write() or _waits_for_more(delta):
		return
	if _takes_something_away():
		# Not copied for so long that it cannot wait any more.
		deselect()
	var now: int = _layout.clock.call()
	var deadline: int = now + int(frame_budget_ms * 1000.0 * _pace.share)
	var follows: bool = _lines.is_following
	if is_nan(_layout.place):
		_layout.place = _scroll.value
	_is_writing = true
	_layout.take_tail_off()
	for line: Line in _lines.leaving:
		_layout.take_out(line)
	_lines.leaving.clear()
	_change_what_is_laid_out(follows)
	_layout.write_changed(follows)
	if not _pace.goes_on:
		_layout.take_excess_out(deadline)
	_layout.write_until(deadline)
	if not follows:
		# Asking for the height makes the log measure itself before it scrolls.
		get_content_height()
		_scroll.value = _layout.place
	_is_writing = false
	_lines.is_following = follows
	if _layout.is_all_written() and not _has_excess():
		_layout.place = NAN
		set_process(false)
		_settle()


## Adds a line.
func add_line(line: Line) -> void:
	_lines.add_line(line)


## Adds what nobody said, which has no day and is never the first of what is new. A
## reader further up is told of it; as an [param aside], and elsewhere, it is missed by
## nobody who does not see it.
func add_notice(line: Line, aside: bool) -> void:
	_lines.add_notice(line, aside)


## Adds a page of lines where it belongs: above the others, or, as far as they are
## newer, below. See [method add_older]. Lines here that are not next to it are forgotten.
func add_page(page: Array[Line], more: bool, from_seq: int = 0) -> void:
	_lines.add_page(page, more, from_seq)


## Adds [param older] lines above all others. [param more] says whether there are
## still older ones; [param from_seq] is the number they begin with, when that is not
## the number of the first.
func add_older(older: Array[Line], more: bool, from_seq: int = 0) -> void:
	_lines.add_older(older, more, from_seq)


## The line [param seq] reads [param words] from now on.
func edit(seq: int, words: String) -> void:
	_lines.edit(seq, words)


## Nothing but a trace is left of the line [param seq].
func delete(seq: int) -> void:
	_lines.delete(seq)


## Tells that [param username] came ([param has_joined]) or left, together with
## those of whom that was told just before.
func tell_member(username: String, has_joined: bool) -> void:
	_lines.tell_member(username, has_joined)


## Forgets what is shown, because the lines from [param first_seq] to
## [param last_seq] were left out behind it. The reader can look them up.
func skip(first_seq: int, last_seq: int) -> void:
	_lines.skip(first_seq, last_seq)


## The player has read up to [param seq], perhaps elsewhere. When there is
## [param more] to read, a mark will stand behind it.
func tell_read(seq: int, more: bool) -> void:
	_lines.tell_read(seq, more)


## The line with that number; null if it is not here.
func line_with(seq: int) -> Line:
	return _lines.with_seq(seq)


## The line that is drawn at [param place] of this control; null if there is none.
func line_at(place: Vector2) -> Line:
	var y: float = place.y - top_of_lines()
	var paragraph: int = _layout.paragraph_at(y)
	return null if paragraph < 0 or y > get_content_height() else _layout.line_of(paragraph)


## How far down in this control the first line that is laid out begins; negative when it
## is further up. A short log stands at the end.
func top_of_lines() -> float:
	var box: StyleBox = get_theme_stylebox(&"normal")
	var room: float = size.y - box.get_minimum_size().y - get_content_height()
	return box.get_margin(SIDE_TOP) + maxf(room, 0.0) - _scroll.value


## This player's last line that has a number and is not deleted; null if there is
## none.
func last_own_line() -> Line:
	return _lines.last_own()


## The oldest number that has been told of, 0 if there is none.
func oldest_seq() -> int:
	return _lines.oldest_seq


## The newest number that has been told of, 0 if there is none.
func newest_seq() -> int:
	return _lines.newest_seq


## The rows in sight that are marked: own lines, and those that call this player.
func marked_rows() -> Array[Rect2]:
	return _rows.marked


## What the player has selected, as it may be pasted elsewhere.
func copied_text() -> String:
	return PlainText.of(get_selected_text())


## Adds a line of this player's own whose fate is not known, at the end, and goes there.
func add_pending(line: Line) -> void:
	_lines.add_pending(line)
	deselect()
	scroll_to_end()


## Adds a line that the server has sent back to its author, in place of the one
## that waited for it.
func add_echo(line: Line) -> void:
	_lines.add_echo(line)


## The fate of the pending line [param id] is known now, or doubted. With [param seq]
## its number is known, too.
func set_fate(id: int, fate: Line.Fate, seq: int = 0) -> void:
	_lines.set_fate(id, fate, seq)


## Takes the pending line [param id] out and returns it; null if it is gone already.
func take_pending(id: int) -> Line:
	return _lines.take_pending(id)


## The pending line [param id]; null if it is settled.
func pending(id: int) -> Line:
	return _lines.tail.with_id(id)


## The pending lines with that [param fate], oldest first.
func pending_with(fate: Line.Fate) -> Array[Line]:
	return _lines.tail.with_fate(fate)


## How many lines are pending.
func pending_count() -> int:
	return _lines.tail.all.size()


## How many lines have come that the player has not had in sight.
func unread_count() -> int:
	return _lines.unread


## Accepted lines whose echo will not come any more are said now.
func settle_accepted() -> void:
	_lines.settle_accepted()


## Forgets all lines; with [param keeps_pending] those that wait for an answer stay.
func forget(keeps_pending: bool = false) -> void:
	_lines.forget(keeps_pending)


## Writes all lines again, in the present style.
func rewrite() -> void:
	_lines.laid_out.is_stale = true
	set_process(true)


## Lines kept, notices included.
func line_count() -> int:
	return mini(_lines.all.size(), _lines.limit())


## Whether all lines are written.
func is_written() -> bool:
	return not is_processing()


## Whether there is nothing further up.
func is_at_start() -> bool:
	return _lines.laid_out.first == 0 and _scroll.value <= _scroll.min_value


## Whether little or nothing is further up.
func is_near_start() -> bool:
	return _lines.laid_out.first == 0 and _scroll.value <= _scroll.page * 0.5


## Whether the last line is in sight.
func is_at_end() -> bool:
	var bottom: float = _scroll.value + _scroll.page
	return _lines.laid_out.end < 0 and bottom >= _scroll.max_value - _END_TOLERANCE


## Shows the newest line, and counts all lines as read.
func scroll_to_end() -> void:
	_lines.is_following = true
	_layout.place = NAN
	if _lines.laid_out.end >= 0:
		_goes_to_end = true
		set_process(true)
	_scroll.value = _scroll.max_value
	_look_where_the_reader_is()


## Shows the first unread line, if it is further up than what is in sight at the end.
func scroll_to_unread() -> void:
	if _lines.unread_said > 0 and _lines.unread_mark != null:
		_goes_to_mark = true
		set_process(true)


## Scrolls by [param pages] of what is visible, up if negative.
func scroll_by_pages(pages: float) -> void:
	_scroll.value += pages * _scroll.page * 0.9
	_look_where_the_reader_is()


func _has_excess() -> bool:
	return _lines.has_excess() or _layout.excess() > 0


func _takes_something_away() -> bool:
	var part: LaidOut = _lines.laid_out
	var changes: bool = part.is_stale or part.changed_from >= 0 or not _lines.leaving.is_empty()
	return changes or _has_excess() or part.tail_written > 0 or _wants_others() or _goes_to_end


func _selection_is_in_the_way() -> bool:
	var laid_out: int = _layout.end() - _lines.laid_out.first
	var may_wait: bool = _lines.excess() <= max_lines and laid_out <= max_lines * Lines.ROOM
	return may_wait and get_selection_from() >= 0 and _takes_something_away()


# Only lines for who reads the latest: whatever else the player is to see comes at once.
func _waits_for_more(delta: float) -> bool:
	if _goes_to_end or _goes_to_mark or not _layout.has_only_new_lines():
		_pace.note_no_flood()
		return false
	return _pace.waits(Engine.get_process_frames(), delta, _layout.waiting(), _lines.came)


# Logs that nobody sees share their time.
func _may_write() -> bool:
	if is_visible_in_tree():
		return true
	var frame: int = Engine.get_process_frames()
	if _hidden_write_frame == frame:
		return false
	_hidden_write_frame = frame
	return true


# Whether the reader is near an end of what is laid out, but not of all lines.
func _wants_others() -> bool:
	if not _layout.is_all_written():
		return false
	var part: LaidOut = _lines.laid_out
	if part.written == 0:
		return part.first > 0
	var place: float = _scroll.value if is_nan(_layout.place) else _layout.place
	# For a reader at the end it is enough when the screen is full.
	if part.first > 0 and place <= (0.0 if _lines.is_following else _scroll.page):
		return true
	if not _lines.is_following and part.written > max_lines * Lines.ROOM:
		return true
	return part.end >= 0 and place + 2.0 * _scroll.page >= _scroll.max_value


func _change_what_is_laid_out(follows: bool) -> void:
	var part: LaidOut = _lines.laid_out
	if _goes_to_end:
		_goes_to_end = false
		_layout.lay_out(maxi(_lines.all.size() - 2 * LaidOut.STEP, 0), -1, follows)
	elif part.is_stale and not follows:
		_layout.lay_out(part.first, part.end, false)
	elif part.is_stale or (not _pace.goes_on and _layout.has_much_to_write()):
		_layout.start_anew()
	elif _wants_others():
		var middle: int = _layout.end()
		if part.first > 0 and _layout.place <= _scroll.page:
			middle = part.first
		elif part.written > max_lines * Lines.ROOM:
			middle = part.first + maxi(_layout.paragraph_at(_layout.place), 0)
		_lay_out_around(middle, follows)


func _lay_out_around(middle: int, follows: bool) -> void:
	_layout.lay_out(maxi(middle - LaidOut.STEP, 0), middle + LaidOut.STEP, follows)


# All is written: what the reader sees now.
func _settle() -> void:
	if _goes_to_mark:
		_goes_to_mark = false
		_go_to_mark()
	elif _lines.is_following:
		# To look anew where the reader is would only find them at the end.
		_is_writing = _lines.laid_out.end < 0
		get_content_height()
		_scroll.value = _scroll.max_value
		_is_writing = false
	_note_what_is_seen()


func _go_to_mark() -> void:
	var index: int = _lines.all.rfind(_lines.unread_mark)
	if index < 0:
		return
	var part: LaidOut = _lines.laid_out
	if index < part.first:
		_lay_out_around(index, true)
	get_content_height()
	var height: float = get_paragraph_offset(index - part.first)
	if part.end >= 0 or height < _scroll.max_value - _scroll.page:
		_scroll.value = maxf(height - _scroll.page * 0.2, 0.0)
		_lines.is_following = false


func _on_scroll_value_changed(_value: float) -> void:
	# While the engine lays out the lines anew, the end is here and there.
	if not _is_writing and not _is_looking:
		_is_looking = true
		_look_where_the_reader_is.call_deferred()


func _look_where_the_reader_is() -> void:
	_is_looking = false
	# Out of sight a log has no place that says something.
	if is_visible_in_tree():
		_lines.is_following = is_at_end() or _goes_to_end
	_note_what_is_seen()


func _note_what_is_seen() -> void:
	if _lines.is_watched():
		_lines.set_unread(0)
		if is_written() and _lines.newest_seq > _lines.seen_seq and is_visible_in_tree():
			_lines.seen_seq = _lines.newest_seq
			seen.emit(_lines.newest_seq)
	if _wants_others() or _has_excess():
		set_process(true)
	_ask_for_older()


func _ask_for_older() -> void:
	if is_near_start() and _lines.can_take_older() and is_written() and is_visible_in_tree():
		_lines.is_loading = true
		older_wanted.emit()


func _on_meta_clicked(meta: Variant) -> void:
	name_clicked.emit(str(meta))
