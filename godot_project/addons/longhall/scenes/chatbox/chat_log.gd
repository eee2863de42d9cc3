class_name ChatLog
extends RichTextLabel
## Keeps the lines of a chat, and writes them a few per frame.
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

const Days := preload("chat_days.gd")
const Line := preload("chat_line.gd")
const LineWriter := preload("chat_line_writer.gd")
const OwnLines := preload("own_lines.gd")
const PlainText := preload("plain_text.gd")
const Rows := preload("chat_rows.gd")

## Pixels from the end at which the reader counts as being at the end.
const _END_TOLERANCE: float = 4.0
## Lines that are laid out at once.
const _LINES_PER_LAYOUT: int = 4
## When this part of all lines is still to be written, it is quicker to begin anew.
const _REWRITE_PART: float = 0.25
## How much longer the log may grow while a selection or a reader further up keeps
## it from being changed.
const _ROOM: int = 2
## Lines above and below the reader that are laid out while they look up older ones.
const _STEP: int = 100
## Lines laid out for a reader at the end: a line more or less costs the engine the more,
## the more there are.
const _FOLLOWED: int = 2 * _STEP
## Screens of lines that are laid out when the log begins anew.
const _SCREENS: float = 3.0
## So many lines are taken off the front of the others one by one, more of them by a copy
## of the others, which has to touch each.
const _FEW_OF_ALL: int = 200
## Lines at the end that are quickly written again when one of them changes.
const _FEW: int = 40

# The frame in which a log that is not in sight has written something.
static var _hidden_write_frame: int = -1

## Lines laid out, and kept if they have no number; the oldest leave first.
var max_lines: int = 500
## Lines kept that have a number. With more, no older ones are asked for.
var max_history_lines: int = 10_000
## Milliseconds that writing may take in one frame.
var frame_budget_ms: float = 2.0
## How a line is written. Call [method rewrite] after a change.
var writer := LineWriter.new(self)
## Whether there are older lines than the first one here, to be asked for.
var has_more: bool = false
## Whether older lines are on their way.
var is_loading: bool = false
## Whether days stand between lines of different days.
var shows_days: bool = false:
	set(value):
		if shows_days != value:
			shows_days = value
			_set_days_anew()
## Whether the player looks at the log: it is in sight, in the window in use.
var is_attended: bool = true:
	set(value):
		is_attended = value
		set_process(true)
## Lines up to this number are read already, perhaps elsewhere.
var read_seq: int = 0

var _lines: Array[Line] = []
# The part that is laid out: from the first on so many are written, and it reaches
# up to the end index, or up to the last line if that is negative.
var _first: int = 0
var _written: int = 0
var _end: int = -1
# Own lines that are not settled, behind the others.
var _tail := OwnLines.new()
var _tail_written: int = 0
var _unread: int = 0
# So many of them were said by somebody.
var _unread_said: int = 0
var _unread_mark: Line
var _leaving: Array[Line] = []
var _following: bool = true
var _is_writing: bool = false
var _is_looking: bool = false
# Where the reader further up is, while the lines above change.
var _place: float = NAN
# All has to be written anew.
var _stale: bool = false
# From this line on.
var _changed_from: int = -1
# Where the reader wants to be.
var _goes_to_end: bool = false
var _goes_to_mark: bool = false
# A mark belongs behind the lines that are read.
var _wants_mark: bool = false
var _oldest_seq: int = 0
var _newest_seq: int = 0
var _seen_seq: int = 0
var _rows := Rows.new(self)

@onready var _scroll: VScrollBar = get_v_scroll_bar()


func _ready() -> void:
	set_process(true)
	_scroll.value_changed.connect(_on_scroll_value_changed)
	meta_clicked.connect(_on_meta_clicked)


func _notification(what: int) -> void:
	if what in [NOTIFICATION_THEME_CHANGED, NOTIFICATION_TRANSLATION_CHANGED]:
		rewrite()


func _draw() -> void:
	var top: float = top_of_lines()
	_rows.draw(top, maxi(_paragraph_at(-top), 0), _written + _tail_written, _line_of)


func _process(_delta: float) -> void:
	if _selection_is_in_the_way() or not _may_write():
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
	for line: Line in _leaving:
		_take_off(line)
	_leaving.clear()
	_change_what_is_laid_out(follows)
	_write_changed(follows)
	while _excess() > 0 and (Time.get_ticks_usec() < deadline or _written == 0):
		_take_off(_lines[0])
	# Before as many are written, so that the log is drawn once for both.
	while _layout_excess() > 0 and _written > 0 and Time.get_ticks_usec() < deadline:
		_take_off_layout()
	_write_until(deadline)
	if not follows:
		# Asking for the height makes the log measure itself before it scrolls.
		get_content_height()
		_scroll.value = _place
	_is_writing = false
	_following = follows
	if _is_all_written() and _excess() <= 0 and _layout_excess() <= 0:
		_place = NAN
		set_process(false)
		_settle()


## Adds a line.
func add_line(line: Line) -> void:
	_append_day_of(line)
	var is_known: bool = line.is_own or (line.seq > 0 and line.seq <= read_seq)
	if _wants_mark and line.seq > read_seq and not line.is_own:
		_wants_mark = false
		_append_mark()
	elif not _is_watched() and not is_known and _unread_said == 0:
		_append_mark()
	_append(line)
	if not _is_watched() and not is_known:
		_unread_said += 1
		_set_unread(_unread + 1)


## Adds what nobody said, which has no day and is never the first of what is new. A
## reader further up is told of it; as an [param aside], and elsewhere, it is missed by
## nobody who does not see it.
func add_notice(line: Line, aside: bool) -> void:
	_append(line)
	if is_attended and not _following and not aside:
		_set_unread(_unread + 1)


## Adds a page of lines where it belongs: above the others, or, as far as they are
## newer, below. See [method add_older]. What is here and not next to it is forgotten.
func add_page(page: Array[Line], more: bool, from_seq: int = 0) -> void:
	is_loading = false
	var is_newer: bool = not page.is_empty() and page[-1].seq > _newest_seq
	if not is_newer or _newest_seq == 0:
		add_older(page, more, from_seq)
		return
	if page[0].seq > _newest_seq + 1:
		forget(true)
		add_older(page, more, from_seq)
		return
	for line: Line in page:
		if line.seq > _newest_seq:
			if line.is_own:
				add_echo(line)
			else:
				add_line(line)


## Adds [param older] lines above all others. [param more] says whether there are
## still older ones; [param from_seq] is the number they begin with, when that is not
## the number of the first.
func add_older(older: Array[Line], more: bool, from_seq: int = 0) -> void:
	is_loading = false
	has_more = more
	var added: Array[Line] = older.filter(
		func(line: Line) -> bool: return line.seq == 0 or _oldest_seq == 0 or line.seq < _oldest_seq
	)
	if from_seq == 0 and not added.is_empty():
		from_seq = added[0].seq
	if from_seq > 0 and (_oldest_seq == 0 or from_seq < _oldest_seq):
		_oldest_seq = from_seq
	if added.is_empty():
		set_process(true)
		return
	_newest_seq = maxi(_newest_seq, added[-1].seq)
	_take_up_skipped(added)
	_place_mark_in(added)
	if shows_days:
		added = Days.between(added)
		_join_days(added)
	_first += added.size()
	if _end >= 0:
		_end += added.size()
	if _changed_from >= 0:
		_changed_from += added.size()
	added.append_array(_lines)
	_lines = added
	set_process(true)


## The line [param seq] reads [param words] from now on.
func edit(seq: int, words: String) -> void:
	var line: Line = line_with(seq)
	if line != null and not line.is_deleted:
		line.text = words
		line.is_edited = true
		_change(line)


## Nothing but a trace is left of the line [param seq].
func delete(seq: int) -> void:
	var line: Line = line_with(seq)
	if line != null:
		line.text = ""
		line.is_deleted = true
		line.is_mention = false
		_change(line)


## Tells that [param username] came ([param has_joined]) or left, together with
## those of whom that was told just before.
func tell_member(username: String, has_joined: bool) -> void:
	var line: Line = null if _lines.is_empty() else _lines[-1]
	if line == null or line.kind != Line.Kind.MEMBERS:
		line = Line.new()
		line.kind = Line.Kind.MEMBERS
		_append(line)
	else:
		_change(line)
	line.tell_member(username, has_joined)
	if line.joined.is_empty() and line.left.is_empty():
		_leaving.append(line)


## Forgets what is shown, because the lines from [param first_seq] to
## [param last_seq] were left out behind it. The reader can look them up.
func skip(first_seq: int, last_seq: int) -> void:
	var read_up_to: int = read_seq
	var marks: bool = _wants_mark
	forget(true)
	tell_read(read_up_to, marks)
	has_more = true
	if last_seq < first_seq or last_seq == 0:
		return
	var line := Line.new()
	line.kind = Line.Kind.SKIPPED
	line.id = last_seq
	line.seq = last_seq - first_seq + 1
	_append(line)


## The player has read up to [param seq], perhaps elsewhere. When there is
## [param more] to read, a mark will stand behind it.
func tell_read(seq: int, more: bool) -> void:
	read_seq = seq
	_wants_mark = more


## The line with that number; null if it is not here.
func line_with(seq: int) -> Line:
	if seq <= 0:
		return null
	for i: int in range(_lines.size() - 1, -1, -1):
		if _lines[i].seq == seq and _lines[i].kind == Line.Kind.SAID:
			return _lines[i]
	return null


## The line that is drawn at [param place] of this control; null if there is none.
func line_at(place: Vector2) -> Line:
	var y: float = place.y - top_of_lines()
	var paragraph: int = _paragraph_at(y)
	return null if paragraph < 0 or y > get_content_height() else _line_of(paragraph)


## How far down in this control the first line that is laid out begins; negative when it
## is further up. A short log stands at the end.
func top_of_lines() -> float:
	var box: StyleBox = get_theme_stylebox(&"normal")
	var room: float = size.y - box.get_minimum_size().y - get_content_height()
	return box.get_margin(SIDE_TOP) + maxf(room, 0.0) - _scroll.value


## This player's last line that has a number and is not deleted; null if there is
## none.
func last_own_line() -> Line:
	for i: int in range(_lines.size() - 1, -1, -1):
		var line: Line = _lines[i]
		if line.is_own and line.seq > 0 and not line.is_deleted:
			return line
	return null


## The oldest number that has been told of, 0 if there is none.
func oldest_seq() -> int:
	return _oldest_seq


## The newest number that has been told of, 0 if there is none.
func newest_seq() -> int:
	return _newest_seq


## The rows in sight that are marked: own lines, and those that call this player.
func marked_rows() -> Array[Rect2]:
	return _rows.marked


## What the player has selected, as it may be pasted elsewhere.
func copied_text() -> String:
	return PlainText.of(get_selected_text())


## Adds a line of this player's own whose fate is not known, at the end, and goes there.
func add_pending(line: Line) -> void:
	_tail.all.append(line)
	deselect()
	scroll_to_end()
	set_process(true)


## Adds a line that the server has sent back to its author, in place of the one
## that waited for it.
func add_echo(line: Line) -> void:
	_tail.all.erase(_tail.waiting_for(line))
	_append_day_of(line)
	_append(line)
	set_process(true)


## The fate of the pending line [param id] is known now, or doubted. With [param seq]
## its number is known, too.
func set_fate(id: int, fate: Line.Fate, seq: int = 0) -> void:
	var line: Line = pending(id)
	if line == null:
		return
	line.fate = fate
	line.seq = seq
	if line_with(seq) != null:
		_tail.all.erase(line)
	set_process(true)


## Takes the pending line [param id] out and returns it; null if it is gone already.
func take_pending(id: int) -> Line:
	var line: Line = pending(id)
	_tail.all.erase(line)
	set_process(true)
	return line


## The pending line [param id]; null if it is settled.
func pending(id: int) -> Line:
	return _tail.with_id(id)


## The pending lines with that [param fate], oldest first.
func pending_with(fate: Line.Fate) -> Array[Line]:
	return _tail.with_fate(fate)


## How many lines are pending.
func pending_count() -> int:
	return _tail.all.size()


## How many lines have come that the player has not had in sight.
func unread_count() -> int:
	return _unread


## Accepted lines whose echo will not come any more are said now.
func settle_accepted() -> void:
	for line: Line in pending_with(Line.Fate.ACCEPTED):
		_tail.all.erase(line)
		line.fate = Line.Fate.SETTLED
		_append(line)
	set_process(true)


## Forgets all lines; with [param keeps_pending] those that wait for an answer stay.
func forget(keeps_pending: bool = false) -> void:
	_lines.clear()
	_leaving.clear()
	if not keeps_pending:
		_tail.all.clear()
	_unread_mark = null
	_following = true
	_first = 0
	_end = -1
	_changed_from = -1
	_oldest_seq = 0
	_newest_seq = 0
	_seen_seq = 0
	read_seq = 0
	_wants_mark = false
	has_more = false
	is_loading = false
	_set_unread(0)
	rewrite()


## Writes all lines again, in the present style.
func rewrite() -> void:
	_stale = true
	set_process(true)


## Lines kept, notices included.
func line_count() -> int:
	return mini(_lines.size(), _limit())


## Whether all lines are written.
func is_written() -> bool:
	return not is_processing()


## Whether there is nothing further up.
func is_at_start() -> bool:
	return _first == 0 and _scroll.value <= _scroll.min_value


## Whether little or nothing is further up.
func is_near_start() -> bool:
	return _first == 0 and _scroll.value <= _scroll.page * 0.5


## Whether the last line is in sight.
func is_at_end() -> bool:
	return _end < 0 and _scroll.value + _scroll.page >= _scroll.max_value - _END_TOLERANCE


## Shows the newest line, and counts all lines as read.
func scroll_to_end() -> void:
	_following = true
	_place = NAN
	if _end >= 0:
		_goes_to_end = true
		set_process(true)
	_scroll.value = _scroll.max_value
	_look_where_the_reader_is()


## Shows the first unread line, if it is further up than what is in sight at the end.
func scroll_to_unread() -> void:
	if _unread_said > 0 and _unread_mark != null:
		_goes_to_mark = true
		set_process(true)


## Scrolls by [param pages] of what is visible, up if negative.
func scroll_by_pages(pages: float) -> void:
	_scroll.value += pages * _scroll.page * 0.9
	_look_where_the_reader_is()


func _append(line: Line) -> void:
	_lines.append(line)
	_newest_seq = maxi(_newest_seq, line.number())
	if _oldest_seq == 0:
		_oldest_seq = line.number()
	if _excess() > 0:
		_forget_above_layout()
	if _excess() >= max_lines and not _selection_is_in_the_way():
		# More at once than is ever shown.
		_stale = true
		_forget_first(_excess())
		_first = 0 if _following else maxi(_lines.size() - 2 * _STEP, 0)
		_end = -1
		_written = 0
		_changed_from = -1
	set_process(true)


func _append_mark() -> void:
	if _unread_mark != null:
		_leaving.append(_unread_mark)
	_unread_mark = Line.new()
	_unread_mark.kind = Line.Kind.UNREAD_MARK
	_append(_unread_mark)


func _place_mark_in(older: Array[Line]) -> void:
	if not _wants_mark or older[-1].seq <= read_seq:
		return
	for i: int in older.size():
		if older[i].seq > read_seq and not older[i].is_own:
			_unread_mark = Line.new()
			_unread_mark.kind = Line.Kind.UNREAD_MARK
			older.insert(i, _unread_mark)
			_wants_mark = false
			return


# What says that lines were left out stands above those behind them, until they come.
func _take_up_skipped(added: Array[Line]) -> void:
	if _lines.is_empty() or _lines[0].kind != Line.Kind.SKIPPED:
		return
	var mark: Line = _lines[0]
	_leaving.append(mark)
	if added[0].seq > mark.id:
		var copy := Line.new()
		copy.kind = mark.kind
		copy.id = mark.id
		copy.seq = mark.seq
		added.push_front(copy)


# Of lines too many, those that nobody sees.
func _forget_above_layout() -> void:
	var count: int = mini(_excess(), _first)
	if count <= 0:
		return
	_forget_first(count)
	_first -= count
	_end = maxi(_end - count, -1)
	_changed_from = maxi(_changed_from - count, -1)


func _forget_first(count: int) -> void:
	if count <= 0:
		return
	for i: int in count:
		if _lines[i].number() > 0:
			# Nobody gives it a second time, so there is a gap above.
			has_more = false
	if count > _FEW_OF_ALL:
		_lines = _lines.slice(count)
	else:
		for i: int in count:
			_lines.pop_front()
	_oldest_seq = _first_number()


func _first_number() -> int:
	for line: Line in _lines:
		if line.number() > 0:
			return line.seq
	return 0


func _is_watched() -> bool:
	return _following and is_attended


func _limit() -> int:
	if _oldest_seq > 0:
		return maxi(max_history_lines, max_lines)
	return max_lines if _following else max_lines * _ROOM


# Lines too many.
func _excess() -> int:
	return _lines.size() - _limit()


# Lines too many that are laid out, or about to be.
func _layout_excess() -> int:
	if not _following or _end >= 0:
		return 0
	var is_copying: bool = get_selection_from() >= 0
	var limit: int = max_lines * _ROOM if is_copying else _layout_limit()
	return _lines.size() - _first - limit


func _layout_limit() -> int:
	return mini(max_lines, _FOLLOWED)


func _takes_something_away() -> bool:
	var changes: bool = _stale or _changed_from >= 0 or not _leaving.is_empty()
	var is_too_much: bool = _excess() > 0 or _layout_excess() > 0
	return changes or is_too_much or _tail_written > 0 or _wants_others() or _goes_to_end


func _selection_is_in_the_way() -> bool:
	var may_wait: bool = _excess() <= max_lines and _last_index() - _first <= max_lines * _ROOM
	return may_wait and get_selection_from() >= 0 and _takes_something_away()


# Logs that nobody sees share their time.
func _may_write() -> bool:
	if is_visible_in_tree():
		return true
	var frame: int = Engine.get_process_frames()
	if _hidden_write_frame == frame:
		return false
	_hidden_write_frame = frame
	return true


func _change(line: Line) -> void:
	var index: int = _lines.rfind(line)
	if _changed_from < 0 or index < _changed_from:
		_changed_from = index
	set_process(true)


func _last_index() -> int:
	return _lines.size() if _end < 0 else _end


func _is_all_written() -> bool:
	return _first + _written >= _last_index()


func _has_much_to_write() -> bool:
	var part: float = _layout_limit() * _REWRITE_PART
	var has_much: bool = _last_index() - _first - _written >= part
	return has_much and _following and _layout_excess() >= part


# Whether the reader is near an end of what is laid out, but not of all lines.
func _wants_others() -> bool:
	if not _is_all_written():
		return false
	if _written == 0:
		return _first > 0
	var place: float = _scroll.value if is_nan(_place) else _place
	# For a reader at the end it is enough when the screen is full.
	if _first > 0 and place <= (0.0 if _following else _scroll.page):
		return true
	if not _following and _written > max_lines * _ROOM:
		return true
	return _end >= 0 and place + 2.0 * _scroll.page >= _scroll.max_value


func _change_what_is_laid_out(follows: bool) -> void:
	if _goes_to_end:
		_goes_to_end = false
		_lay_out(maxi(_lines.size() - 2 * _STEP, 0), -1, follows)
	elif _stale and not follows:
		_lay_out(_first, _end, false)
	elif _stale or _has_much_to_write():
		_start_anew()
	elif _wants_others():
		var middle: int = _last_index()
		if _first > 0 and _place <= _scroll.page:
			middle = _first
		elif _written > max_lines * _ROOM:
			middle = _first + maxi(_paragraph_at(_place), 0)
		_lay_out(maxi(middle - _STEP, 0), middle + _STEP, follows)


# Lays out other lines at once. What the reader looks at stays where it is.
func _lay_out(first: int, end: int, follows: bool) -> void:
	var anchor: Line = null
	var below: float = 0.0
	if not follows and _written > 0:
		var index: int = maxi(_paragraph_at(_place), 0)
		while index < _written - 1 and _lines[_first + index].kind != Line.Kind.SAID:
			index += 1
		if index < _written:
			anchor = _lines[_first + index]
			below = _place - get_paragraph_offset(index)
	clear()
	_first = first
	_end = end if end < _lines.size() else -1
	_written = 0
	_tail_written = 0
	_stale = false
	_changed_from = -1
	while not _is_all_written():
		writer.write(_lines[_first + _written])
		_written += 1
	get_content_height()
	if anchor != null:
		var index: int = _lines.find(anchor, _first)
		if index >= 0:
			_place = get_paragraph_offset(index - _first) + below


# Writes a changed line, and those behind it, again.
func _write_changed(follows: bool) -> void:
	if _changed_from < 0:
		return
	var index: int = maxi(_changed_from, _first) - _first
	var is_above: bool = not follows and index < _paragraph_at(_place)
	_changed_from = -1
	if index >= _written:
		return
	if is_above or _written - index > _FEW:
		_lay_out(_first, _end, follows)
		return
	while _written > index:
		_written -= 1
		remove_paragraph(_written, true)
	while not _is_all_written():
		writer.write(_lines[_first + _written])
		_written += 1


func _write_until(deadline: int) -> void:
	var first: int = _written
	while not _is_all_written():
		writer.write(_lines[_first + _written])
		_written += 1
		if (_written - first) % _LINES_PER_LAYOUT == 0:
			# Measures the new lines, which costs more than writing them.
			get_content_height()
		if Time.get_ticks_usec() >= deadline:
			break
	if not _is_all_written() or _end >= 0:
		return
	for line: Line in _tail.all:
		writer.write(line)
	_tail_written = _tail.all.size()


func _take_tail_off() -> void:
	for i: int in _tail_written:
		remove_paragraph(_written + _tail_written - 1 - i, true)
	_tail_written = 0


func _take_off(line: Line) -> void:
	var index: int = _lines.find(line)
	if index < 0:
		return
	if index == 0:
		_forget_first(1)
	else:
		_lines.remove_at(index)
	if _end > index:
		_end -= 1
	if _changed_from > index:
		_changed_from -= 1
	if index < _first:
		_first -= 1
		return
	index -= _first
	if index >= _written:
		return
	var top: float = get_paragraph_offset(index)
	if top < _place:
		# What the reader looks at stays where it is, as long as it is there.
		_place -= get_paragraph_offset(index + 1) - top
	remove_paragraph(index, true)
	_written -= 1


func _take_off_layout() -> void:
	if get_paragraph_offset(0) < _place:
		_place -= get_paragraph_offset(1) - get_paragraph_offset(0)
	remove_paragraph(0, true)
	_first += 1
	_written -= 1


func _start_anew() -> void:
	var excess: int = maxi(_excess(), 0)
	_forget_first(excess)
	clear()
	_first = maxi(_lines.size() - mini(_layout_limit(), _lines_to_begin_with()), 0)
	_end = -1
	_written = 0
	_tail_written = 0
	_stale = false
	_changed_from = -1


# Lines that fill some screens, if none takes more than a row.
func _lines_to_begin_with() -> int:
	var font: Font = get_theme_font(&"normal_font")
	var height: float = font.get_height(get_theme_font_size(&"normal_font_size"))
	return maxi(ceili(_SCREENS * size.y / maxf(height, 1.0)), _FEW)


# Lines that are gone may still be laid out, until the next frame.
func _line_of(paragraph: int) -> Line:
	var of_tail: int = paragraph - _written
	if of_tail >= 0:
		return _tail.all[of_tail] if of_tail < _tail.all.size() else null
	var index: int = _first + paragraph
	return _lines[index] if index < _lines.size() and not _stale else null


# The last one that begins at or above a height; -1 if there is none.
func _paragraph_at(height: float) -> int:
	var low: int = 0
	var high: int = _written + _tail_written
	while low < high:
		var middle: int = floori((low + high) / 2.0)
		if get_paragraph_offset(middle) <= height:
			low = middle + 1
		else:
			high = middle
	return low - 1


# All is written: what the reader sees now.
func _settle() -> void:
	if _goes_to_mark:
		_goes_to_mark = false
		_go_to_mark()
	elif _following:
		get_content_height()
		_scroll.value = _scroll.max_value
	_note_what_is_seen()


func _go_to_mark() -> void:
	var index: int = _lines.rfind(_unread_mark)
	if index < 0:
		return
	if index < _first:
		_lay_out(maxi(index - _STEP, 0), index + _STEP, true)
	get_content_height()
	var height: float = get_paragraph_offset(index - _first)
	if _end >= 0 or height < _scroll.max_value - _scroll.page:
		_scroll.value = maxf(height - _scroll.page * 0.2, 0.0)
		_following = false


func _set_unread(count: int) -> void:
	_unread_said = mini(_unread_said, count)
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
	# Out of sight a log has no place that says something.
	if is_visible_in_tree():
		_following = is_at_end() or _goes_to_end
	_note_what_is_seen()


func _note_what_is_seen() -> void:
	if _is_watched():
		_set_unread(0)
		if is_written() and _newest_seq > _seen_seq and is_visible_in_tree():
			_seen_seq = _newest_seq
			seen.emit(_newest_seq)
	if _wants_others() or _excess() > 0 or _layout_excess() > 0:
		set_process(true)
	_ask_for_older()


func _ask_for_older() -> void:
	var has_room: bool = _lines.size() < max_history_lines
	if is_near_start() and has_more and has_room and not is_loading and is_written():
		if is_visible_in_tree():
			is_loading = true
			older_wanted.emit()


func _on_meta_clicked(meta: Variant) -> void:
	name_clicked.emit(str(meta))


# Days.


func _append_day_of(line: Line) -> void:
	var day: Line = Days.above(line, _lines) if shows_days else null
	if day != null:
		_append(day)


func _join_days(older: Array[Line]) -> void:
	var leaving: Line = Days.join(older, _lines)
	if leaving != null:
		_leaving.append(leaving)


func _set_days_anew() -> void:
	_lines = _lines.filter(func(line: Line) -> bool: return line.kind != Line.Kind.DAY)
	_leaving.clear()
	if shows_days:
		_lines = Days.between(_lines)
	_first = 0
	_end = -1
	_written = 0
	rewrite()
