extends RefCounted
## The lines of a [ChatLog]: which there are, in which order, and which of them are new.
##
## It draws nothing and knows no scene. What the log has to know of the reader, it is
## told: [member is_following] and [member is_attended].

## There is something to write, or to take away.
signal changed
## So many lines have come that the player has not had in sight.
signal unread_changed(count: int)

const Days := preload("chat_days.gd")
const LaidOut := preload("laid_out.gd")
const Line := preload("chat_line.gd")
const OwnLines := preload("own_lines.gd")

## How much longer the log may grow while a selection or a reader further up keeps
## it from being changed.
const ROOM: int = 2
## This part of all lines, as a power of two, may be too many for a while.
const _FEW_SHIFT: int = 6

## All lines that are settled, the oldest first.
var all: Array[Line] = []
## Own lines that are not settled, behind the others.
var tail := OwnLines.new()
## Lines that are to be taken out as soon as nobody selects anything.
var leaving: Array[Line] = []
## Which of them are laid out.
var laid_out := LaidOut.new()
## Lines kept that have no number.
var max_lines: int = 500
## Lines kept that have a number. With more, no older ones are asked for.
var max_history_lines: int = 10_000
## Whether there are older lines than the first one here, to be asked for.
var has_more: bool = false
## Whether older lines are on their way.
var is_loading: bool = false
## Whether the reader is at the end, and stays there.
var is_following: bool = true
## Whether the player looks at the log.
var is_attended: bool = true
## Lines up to this number are read already, perhaps elsewhere.
var read_seq: int = 0
## The oldest number that has been told of, 0 if there is none.
var oldest_seq: int = 0
## The newest number that has been told of, 0 if there is none.
var newest_seq: int = 0
## The newest number that has come into sight, 0 if none has.
var seen_seq: int = 0
## How many lines have come in all.
var came: int = 0
## How many of them the player has not had in sight.
var unread: int = 0
## So many of them were said by somebody.
var unread_said: int = 0
## What stands above them; null if nothing does.
var unread_mark: Line
## Whether days stand between lines of different days.
var shows_days: bool = false:
	set(value):
		if shows_days != value:
			shows_days = value
			_set_days_anew()

# A mark belongs behind the lines that are read.
var _wants_mark: bool = false


## Adds a line.
func add_line(line: Line) -> void:
	_append_day_of(line)
	var is_known: bool = line.is_own or (line.seq > 0 and line.seq <= read_seq)
	if _wants_mark and line.seq > read_seq and not line.is_own:
		_wants_mark = false
		_append_mark()
	elif not is_watched() and not is_known and unread_said == 0:
		_append_mark()
	_append(line)
	if not is_watched() and not is_known:
		unread_said += 1
		set_unread(unread + 1)


## Adds what nobody said, see [method ChatLog.add_notice].
func add_notice(line: Line, aside: bool) -> void:
	_append(line)
	if is_attended and not is_following and not aside:
		set_unread(unread + 1)


## Adds a page of lines where it belongs, see [method ChatLog.add_page].
func add_page(page: Array[Line], more: bool, from_seq: int = 0) -> void:
	is_loading = false
	var is_newer: bool = not page.is_empty() and page[-1].seq > newest_seq
	if not is_newer or newest_seq == 0:
		add_older(page, more, from_seq)
		return
	if page[0].seq > newest_seq + 1:
		forget(true)
		add_older(page, more, from_seq)
		return
	for line: Line in page:
		if line.seq > newest_seq:
			if line.is_own:
				add_echo(line)
			else:
				add_line(line)


## Adds lines above all others, see [method ChatLog.add_older].
func add_older(older: Array[Line], more: bool, from_seq: int = 0) -> void:
	is_loading = false
	has_more = more
	var added: Array[Line] = older.filter(
		func(line: Line) -> bool: return line.seq == 0 or oldest_seq == 0 or line.seq < oldest_seq
	)
	if from_seq == 0 and not added.is_empty():
		from_seq = added[0].seq
	if from_seq > 0 and (oldest_seq == 0 or from_seq < oldest_seq):
		oldest_seq = from_seq
	if not added.is_empty():
		newest_seq = maxi(newest_seq, added[-1].seq)
		_take_up_skipped(added)
		_place_mark_in(added)
		if shows_days:
			added = Days.between(added)
			_join_days(added)
		laid_out.shift(added.size())
		added.append_array(all)
		all = added
	changed.emit()


## The line [param seq] reads [param words] from now on.
func edit(seq: int, words: String) -> void:
	var line: Line = with_seq(seq)
	if line != null and not line.is_deleted:
		line.text = words
		line.is_edited = true
		_note_change(line)


## Nothing but a trace is left of the line [param seq].
func delete(seq: int) -> void:
	var line: Line = with_seq(seq)
	if line != null:
		line.text = ""
		line.is_deleted = true
		line.is_mention = false
		_note_change(line)


## Tells who came or left, see [method ChatLog.tell_member].
func tell_member(username: String, has_joined: bool) -> void:
	var line: Line = null if all.is_empty() else all[-1]
	if line == null or line.kind != Line.Kind.MEMBERS:
		line = Line.new()
		line.kind = Line.Kind.MEMBERS
		_append(line)
	else:
		_note_change(line)
	line.tell_member(username, has_joined)
	if line.joined.is_empty() and line.left.is_empty():
		leaving.append(line)


## Tells of lines that were left out, see [method ChatLog.skip].
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


## The player has read up to [param seq]. When there is [param more] to read, a mark
## will stand behind it.
func tell_read(seq: int, more: bool) -> void:
	read_seq = seq
	_wants_mark = more


## Adds a line of this player's own whose fate is not known.
func add_pending(line: Line) -> void:
	tail.all.append(line)
	changed.emit()


## Adds a line that the server has sent back to its author, in place of the one
## that waited for it.
func add_echo(line: Line) -> void:
	tail.all.erase(tail.waiting_for(line))
	_append_day_of(line)
	_append(line)


## The fate of a pending line is known now, see [method ChatLog.set_fate].
func set_fate(id: int, fate: Line.Fate, seq: int = 0) -> void:
	var line: Line = tail.with_id(id)
	if line == null:
		return
	line.fate = fate
	line.seq = seq
	if with_seq(seq) != null:
		tail.all.erase(line)
	changed.emit()


## Takes the pending line [param id] out and returns it; null if it is gone already.
func take_pending(id: int) -> Line:
	var line: Line = tail.with_id(id)
	tail.all.erase(line)
	changed.emit()
	return line


## Accepted lines whose echo will not come any more are said now.
func settle_accepted() -> void:
	for line: Line in tail.with_fate(Line.Fate.ACCEPTED):
		tail.all.erase(line)
		line.fate = Line.Fate.SETTLED
		_append(line)
	changed.emit()


## Forgets all lines; with [param keeps_pending] those that wait for an answer stay.
func forget(keeps_pending: bool = false) -> void:
	all.clear()
	leaving.clear()
	if not keeps_pending:
		tail.all.clear()
	unread_mark = null
	is_following = true
	laid_out.begin(0)
	laid_out.is_stale = true
	oldest_seq = 0
	newest_seq = 0
	seen_seq = 0
	read_seq = 0
	_wants_mark = false
	has_more = false
	is_loading = false
	set_unread(0)
	changed.emit()


## Counts [param count] lines as new to the player.
func set_unread(count: int) -> void:
	unread_said = mini(unread_said, count)
	if unread != count:
		unread = count
		unread_changed.emit(count)


## Whether the player sees the newest line.
func is_watched() -> bool:
	return is_following and is_attended


## The line with that number; null if it is not here.
func with_seq(seq: int) -> Line:
	if seq <= 0:
		return null
	for i: int in range(all.size() - 1, -1, -1):
		if all[i].seq == seq and all[i].kind == Line.Kind.SAID:
			return all[i]
	return null


## This player's last line that has a number and is not deleted; null if there is
## none.
func last_own() -> Line:
	for i: int in range(all.size() - 1, -1, -1):
		var line: Line = all[i]
		if line.is_own and line.seq > 0 and not line.is_deleted:
			return line
	return null


## Whether there are older lines, and room for them.
func can_take_older() -> bool:
	return has_more and not is_loading and all.size() < max_history_lines


## Lines that may be kept.
func limit() -> int:
	if oldest_seq > 0:
		return maxi(max_history_lines, max_lines)
	return max_lines if is_following else max_lines * ROOM


## Lines too many.
func excess() -> int:
	return all.size() - limit()


## Whether there are so many too many that some have to go.
func has_excess() -> bool:
	return excess() > _few_too_many()


## Takes [param line] out. Returns the paragraph in which it is written; -1 if it is in
## none.
func take_out(line: Line) -> int:
	var index: int = all.find(line)
	if index < 0:
		return -1
	if index == 0:
		_forget_first(1)
	else:
		all.remove_at(index)
	return laid_out.take_out(index)


## Forgets the lines that are too many. The layout is to begin anew then.
func forget_excess() -> void:
	_forget_first(excess())


func _append(line: Line) -> void:
	came += 1
	all.append(line)
	newest_seq = maxi(newest_seq, line.number())
	if oldest_seq == 0:
		oldest_seq = line.number()
	var too_many: int = all.size() - limit()
	if too_many > _few_too_many() and laid_out.first > 0:
		# Those that nobody sees.
		var count: int = mini(too_many, laid_out.first)
		_forget_first(count)
		laid_out.shift(-count)
		too_many -= count
	if too_many > max_lines:
		_begin_anew()
	changed.emit()


# More at once than is ever shown.
func _begin_anew() -> void:
	forget_excess()
	laid_out.begin(0 if is_following else maxi(all.size() - 2 * LaidOut.STEP, 0))
	laid_out.is_stale = true
	laid_out.is_overrun = true


# To take one off the front moves all others, so some go together.
func _few_too_many() -> int:
	return limit() >> _FEW_SHIFT


func _note_change(line: Line) -> void:
	laid_out.note_change(all.rfind(line))
	changed.emit()


func _append_mark() -> void:
	if unread_mark != null:
		leaving.append(unread_mark)
	unread_mark = Line.new()
	unread_mark.kind = Line.Kind.UNREAD_MARK
	_append(unread_mark)


func _place_mark_in(older: Array[Line]) -> void:
	if not _wants_mark or older[-1].seq <= read_seq:
		return
	for i: int in older.size():
		if older[i].seq > read_seq and not older[i].is_own:
			unread_mark = Line.new()
			unread_mark.kind = Line.Kind.UNREAD_MARK
			older.insert(i, unread_mark)
			_wants_mark = false
			return


# What says that lines were left out stands above those behind them, until they come.
func _take_up_skipped(added: Array[Line]) -> void:
	if all.is_empty() or all[0].kind != Line.Kind.SKIPPED:
		return
	var mark: Line = all[0]
	leaving.append(mark)
	if added[0].seq > mark.id:
		var copy := Line.new()
		copy.kind = mark.kind
		copy.id = mark.id
		copy.seq = mark.seq
		added.push_front(copy)


func _forget_first(count: int) -> void:
	if count <= 0:
		return
	for i: int in range(count - 1, -1, -1):
		if all[i].number() > 0:
			# Nobody gives it a second time, so there is a gap above.
			has_more = false
			break
	if count == 1:
		all.pop_front()
	else:
		# To turn them around twice moves them, where a slice would copy each.
		all.reverse()
		all.resize(all.size() - count)
		all.reverse()
	oldest_seq = _first_number()


func _first_number() -> int:
	for line: Line in all:
		if line.number() > 0:
			return line.seq
	return 0


# Days.


func _append_day_of(line: Line) -> void:
	var day: Line = Days.above(line, all) if shows_days else null
	if day != null:
		_append(day)


func _join_days(older: Array[Line]) -> void:
	var leaving_day: Line = Days.join(older, all)
	if leaving_day != null:
		leaving.append(leaving_day)


func _set_days_anew() -> void:
	all = all.filter(func(line: Line) -> bool: return line.kind != Line.Kind.DAY)
	leaving.clear()
	if shows_days:
		all = Days.between(all)
	laid_out.begin(0)
	laid_out.is_stale = true
	changed.emit()
