extends RefCounted
## Writes the lines of a [ChatLog] into it and takes them out again. What a reader further
## up looks at stays where it is.

const LaidOut := preload("laid_out.gd")
const Line := preload("chat_line.gd")
const Lines := preload("chat_lines.gd")
const LineWriter := preload("chat_line_writer.gd")

## Lines that are laid out at once.
const _LINES_PER_LAYOUT: int = 4
## When this part of the lines that the log begins with is still to be written, it is
## quicker to begin anew.
const _REWRITE_PART: float = 0.75
## Screens of lines that are laid out when the log begins anew.
const _SCREENS: float = 3.0
## Screens of lines, and lines, that are laid out at most for a reader at the end: to take
## a line off costs the engine the more, the more there are behind it.
const _MOST_SCREENS: float = 4.0
const _FOLLOWED: int = 2 * LaidOut.STEP
## Lines at the end that are quickly written again when one of them changes.
const _FEW: int = 40

## How a line is written.
var writer: LineWriter
## Where the reader further up is, while the lines above change; [constant @GDScript.NAN]
## if all is written.
var place: float = NAN
## Returns the microseconds by which the time for a frame is measured.
var clock: Callable = Time.get_ticks_usec

var _log: RichTextLabel
var _lines: Lines
var _part: LaidOut
# Of the font in use; 0 if it is to be asked for.
var _row_height: float = 0.0


func _init(chat_log: RichTextLabel, lines: Lines) -> void:
	_log = chat_log
	_lines = lines
	_part = lines.laid_out
	writer = LineWriter.new(chat_log)


## The line before which the part that is laid out ends.
func end() -> int:
	return _lines.all.size() if _part.end < 0 else _part.end


## Whether all lines of the part are written.
func is_all_written() -> bool:
	return waiting() <= 0


## Whether nothing is to be done but to write lines that have come at the end, where the
## reader is.
func has_only_new_lines() -> bool:
	var has_changed: bool = _part.changed_from >= 0 or not _lines.leaving.is_empty()
	if has_changed or not _lines.is_following:
		return false
	if _part.end >= 0 or (_part.is_stale and not _part.is_overrun):
		return false
	return _part.tail_written == 0 and _lines.tail.all.is_empty()


## Lines of the part that are not written yet.
func waiting() -> int:
	return end() - _part.first - _part.written


## How many paragraphs are written, own lines that wait included.
func count() -> int:
	return _part.written + _part.tail_written


## Lines too many that are laid out, or about to be.
func excess() -> int:
	if not _lines.is_following or _part.end >= 0:
		return 0
	var is_copying: bool = _log.get_selection_from() >= 0
	var limit: int = _lines.max_lines * Lines.ROOM if is_copying else _limit()
	return _lines.all.size() - _part.first - limit


## Whether it is quicker to begin anew than to write what is left.
func has_much_to_write() -> bool:
	var part: float = _lines_of(_SCREENS) * _REWRITE_PART
	var has_much: bool = waiting() >= part
	return has_much and _lines.is_following and excess() >= part


## The line that is written in [param paragraph]. Lines that are gone may still be laid
## out, until the next frame.
func line_of(paragraph: int) -> Line:
	var of_tail: int = paragraph - _part.written
	if of_tail >= 0:
		return _lines.tail.all[of_tail] if of_tail < _lines.tail.all.size() else null
	var index: int = _part.first + paragraph
	return _lines.all[index] if index < _lines.all.size() and not _part.is_stale else null


## The last paragraph that begins at or above [param height]; -1 if there is none.
func paragraph_at(height: float) -> int:
	var low: int = 0
	var high: int = count()
	while low < high:
		var middle: int = floori((low + high) / 2.0)
		if _log.get_paragraph_offset(middle) <= height:
			low = middle + 1
		else:
			high = middle
	return low - 1


## The paragraphs between the heights [param top] and [param bottom] whose rows are marked.
func marked_within(top: float, bottom: float) -> PackedInt32Array:
	var found: PackedInt32Array = []
	var until: int = count()
	# At the end, where a reader is most of the time, nothing is further down.
	if until > 0 and _log.get_paragraph_offset(until - 1) >= bottom:
		until = paragraph_at(bottom) + 1
	# Few are, and to ask where a row is costs more than to ask whose it is.
	for paragraph: int in range(maxi(paragraph_at(top), 0), until):
		var line: Line = line_of(paragraph)
		if line != null and line.is_marked():
			found.append(paragraph)
	return found


## Begins anew with the last lines, of which none is written yet.
func start_anew() -> void:
	_row_height = 0.0
	_lines.forget_excess()
	_log.clear()
	_part.begin(maxi(_lines.all.size() - mini(_limit(), _lines_of(_SCREENS)), 0))
	_part.is_stale = false


## Writes the lines from [param first] on at once, up to that before [param until].
func lay_out(first: int, until: int, follows: bool) -> void:
	var anchor: Line = null
	var below: float = 0.0
	if not follows and _part.written > 0:
		var index: int = maxi(paragraph_at(place), 0)
		while index < _part.written - 1 and _said(index) == null:
			index += 1
		if index < _part.written:
			anchor = _lines.all[_part.first + index]
			below = place - _log.get_paragraph_offset(index)
	_row_height = 0.0
	_log.clear()
	_part.begin(first, until if until < _lines.all.size() else -1)
	_part.is_stale = false
	_write_all()
	_log.get_content_height()
	if anchor != null:
		var index: int = _lines.all.find(anchor, _part.first)
		if index >= 0:
			place = _log.get_paragraph_offset(index - _part.first) + below


## Writes what has changed, and the lines behind it, again.
func write_changed(follows: bool) -> void:
	if _part.changed_from < 0:
		return
	var index: int = maxi(_part.changed_from, _part.first) - _part.first
	var is_above: bool = not follows and index < paragraph_at(place)
	_part.changed_from = -1
	if index >= _part.written:
		return
	if is_above or _part.written - index > _FEW:
		lay_out(_part.first, _part.end, follows)
		return
	while _part.written > index:
		_part.written -= 1
		_log.remove_paragraph(_part.written, true)
	_write_all()


## Writes the lines that follow until [param deadline], at least one of them; behind the
## last one, own lines that wait.
func write_until(deadline: int) -> void:
	var before: int = _part.written
	while not is_all_written():
		_write_next()
		if (_part.written - before) % _LINES_PER_LAYOUT == 0:
			# Measures the new lines, which costs more than writing them.
			_log.get_content_height()
		if clock.call() >= deadline:
			break
	if not is_all_written() or _part.end >= 0:
		return
	for line: Line in _lines.tail.all:
		writer.write(line)
	_part.tail_written = _lines.tail.all.size()


## Takes the own lines that wait from the end, because others come before them.
func take_tail_off() -> void:
	for i: int in _part.tail_written:
		_log.remove_paragraph(count() - 1 - i, true)
	_part.tail_written = 0


## Takes [param line] out of the log.
func take_out(line: Line) -> void:
	var paragraph: int = _lines.take_out(line)
	if paragraph >= 0:
		_remove(paragraph)


## Takes lines out that are too many until [param deadline]: of all lines, and of those
## that are laid out.
func take_excess_out(deadline: int) -> void:
	while _lines.has_excess() and (clock.call() < deadline or _part.written == 0):
		take_out(_lines.all[0])
	# Before as many are written, so that the log is drawn once for both.
	while excess() > 0 and _part.written > 0 and clock.call() < deadline:
		_part.leave_first()
		_remove(0)


func _limit() -> int:
	return mini(mini(_lines.max_lines, _FOLLOWED), _lines_of(_MOST_SCREENS))


# Lines that fill so many screens, if none takes more than a row.
func _lines_of(screens: float) -> int:
	if _row_height == 0.0:
		var font: Font = _log.get_theme_font(&"normal_font")
		_row_height = font.get_height(_log.get_theme_font_size(&"normal_font_size"))
	return ceili(screens * maxf(_log.size.y / maxf(_row_height, 1.0), _FEW / _SCREENS))


# The line in that paragraph, if somebody said it.
func _said(paragraph: int) -> Line:
	var line: Line = _lines.all[_part.first + paragraph]
	return line if line.kind == Line.Kind.SAID else null


# What the reader looks at stays where it is, as long as it is there.
func _remove(paragraph: int) -> void:
	if not _lines.is_following:
		var top: float = _log.get_paragraph_offset(paragraph)
		if top < place:
			place -= _log.get_paragraph_offset(paragraph + 1) - top
	_log.remove_paragraph(paragraph, true)


func _write_all() -> void:
	while not is_all_written():
		_write_next()


func _write_next() -> void:
	writer.write(_lines.all[_part.first + _part.written])
	_part.written += 1
