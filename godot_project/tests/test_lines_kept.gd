extends "res://tests/test_case.gd"
## The lines of a chat without a scene: their order, what is new, and how many are kept.

const LaidOut := preload("res://addons/longhall/scenes/chatbox/laid_out.gd")
const Line := preload("res://addons/longhall/scenes/chatbox/chat_line.gd")
const Lines := preload("res://addons/longhall/scenes/chatbox/chat_lines.gd")

const NOON_MS: int = 1_700_000_000_000
const DAY_MS: int = 86_400_000

var _lines := Lines.new()


func test_older_pages_come_above_and_what_is_known_comes_once() -> void:
	_lines.add_line(_said(5))
	_lines.add_older(_page(2, 5), true)
	_lines.add_page(_page(1, 3), false)
	check_equal(_texts(), ["1", "2", "3", "4", "5"], "the lines")
	check_equal([_lines.oldest_seq, _lines.newest_seq], [1, 5], "the numbers")
	check(not _lines.has_more, "there is more above the first page")


func test_a_newer_page_comes_below_and_one_behind_a_gap_forgets_what_was() -> void:
	_lines.add_older(_page(1, 3), false)
	_lines.add_page(_page(3, 5), true)
	check_equal(_texts(), ["1", "2", "3", "4", "5"], "the lines")
	_lines.add_page(_page(9, 10), true)
	check_equal(_texts(), ["9", "10"], "the lines behind a gap")
	check(_lines.has_more, "nobody can ask for what is in the gap")


func test_a_mark_stands_above_what_came_while_nobody_looked() -> void:
	_lines.add_line(_said(1))
	_lines.is_attended = false
	_lines.add_line(_said(2))
	_lines.add_line(_said(3))
	check_equal(_texts(), ["1", "—", "2", "3"], "the lines")
	check_equal(_lines.unread, 2, "how many are new")
	_lines.is_attended = true
	_lines.set_unread(0)
	_lines.is_following = false
	_lines.add_line(_said(4))
	check_equal(_lines.leaving.size(), 1, "the old mark goes")
	check_equal(_texts(), ["1", "—", "2", "3", "—", "4"], "until that can be seen")


func test_own_lines_and_those_read_elsewhere_are_not_new() -> void:
	_lines.is_attended = false
	_lines.tell_read(2, false)
	_lines.add_line(_said(2))
	_lines.add_echo(_own(3))
	check_equal(_lines.unread, 0, "how many are new")
	_lines.tell_read(3, true)
	_lines.add_line(_said(4))
	check_equal(_texts(), ["2", "3", "—", "4"], "the mark stands behind what is read")


func test_the_mark_of_a_page_stands_above_its_first_line_that_is_not_read() -> void:
	_lines.tell_read(2, true)
	_lines.add_older(_page(1, 4), false)
	check_equal(_texts(), ["1", "2", "—", "3", "4"], "the lines")


func test_an_echo_takes_the_place_of_the_line_that_waited() -> void:
	var waiting: Line = _own(0)
	waiting.id = 7
	waiting.fate = Line.Fate.UNANSWERED
	waiting.text = "as it was typed"
	_lines.add_pending(waiting)
	_lines.set_fate(7, Line.Fate.ACCEPTED, 3)
	check_equal(_lines.tail.all.size(), 1, "how many wait")
	_lines.add_line(_said(2))
	_lines.add_echo(_own(3))
	check_equal(_lines.tail.all.size(), 0, "how many wait then")
	check_equal(_texts(), ["2", "3"], "the lines")


func test_a_line_whose_echo_is_here_does_not_wait_for_it() -> void:
	var waiting: Line = _own(0)
	waiting.id = 7
	waiting.fate = Line.Fate.UNCERTAIN
	waiting.text = "other words"
	_lines.add_echo(_own(3))
	_lines.add_pending(waiting)
	_lines.set_fate(7, Line.Fate.ACCEPTED, 3)
	check_equal(_lines.tail.all.size(), 0, "how many wait")


func test_the_oldest_leave_when_there_are_too_many() -> void:
	_lines.max_lines = 10
	_lines.max_history_lines = 20
	_lines.has_more = true
	for seq: int in range(1, 101):
		_lines.add_line(_said(seq))
	check(_lines.all.size() <= 30, "%d are kept" % _lines.all.size())
	_lines.forget_excess()
	check_equal(_lines.all.size(), 20, "how many are kept")
	check_equal(_lines.oldest_seq, 81, "the oldest number")
	check(not _lines.has_more, "it asks for lines that would leave a gap")


func test_the_oldest_of_many_leave_some_at_a_time() -> void:
	_lines.max_history_lines = 640
	var sizes: Dictionary[int, bool] = {}
	for seq: int in range(1, 2001):
		_lines.add_line(_said(seq))
		# As if all but the last were laid out no more.
		_lines.laid_out.first = _lines.all.size() - 1
		sizes[_lines.all.size()] = true
		check_equal(_lines.oldest_seq, _lines.all[0].seq, "the oldest number")
		check_equal(_lines.all[-1].seq, seq, "the newest line")
	check(not sizes.has(651), "more than 650 are kept")
	check(sizes.has(650), "each goes for itself")


func test_lines_without_a_number_are_kept_for_a_reader_further_up() -> void:
	_lines.max_lines = 10
	_lines.is_following = false
	# With the mark above them they are twenty.
	for i: int in 19:
		_lines.add_line(_said(0))
	check_equal(_lines.excess(), 0, "the lines too many")
	_lines.is_following = true
	check_equal(_lines.excess(), 10, "the lines too many for who is at the end")


func test_no_older_ones_are_asked_for_beyond_the_bound() -> void:
	_lines.max_history_lines = 4
	_lines.add_older(_page(8, 10), true)
	check(_lines.can_take_older(), "it does not ask below the bound")
	_lines.add_older(_page(6, 7), true)
	check(not _lines.can_take_older(), "it asks beyond the bound")


func test_what_is_laid_out_is_the_same_when_lines_come_or_go_above() -> void:
	_lines.add_older(_page(50, 60), true)
	var part: LaidOut = _lines.laid_out
	part.begin(4, 8)
	part.written = 3
	var line: Line = _lines.all[part.first]
	_lines.add_older(_page(1, 49), false)
	check_equal(_lines.all[part.first], line, "the first line after older ones")
	check_equal([part.first, part.end, part.written], [53, 57, 3], "the part after older ones")
	check_equal(_lines.take_out(_lines.all[0]), -1, "where a line above is written")
	check_equal(_lines.all[part.first], line, "the first line without one above")
	check_equal(_lines.take_out(_lines.all[part.first + 1]), 1, "where the second one is written")
	check_equal([part.end, part.written], [55, 2], "the part without its second line")
	check_equal(_lines.take_out(_lines.all[part.end]), -1, "where one behind is written")
	check_equal(part.end, 55, "the end without a line behind")


func test_a_changed_line_is_not_forgotten_when_lines_above_leave() -> void:
	_lines.max_lines = 10
	_lines.max_history_lines = 10
	_lines.add_older(_page(1, 10), false)
	_lines.laid_out.begin(5)
	_lines.laid_out.written = 5
	_lines.edit(2, "changed far above")
	_lines.edit(9, "changed")
	for seq: int in range(11, 15):
		_lines.add_line(_said(seq))
	var changed_from: int = _lines.laid_out.changed_from
	check(changed_from >= 0, "nothing is to be written again")
	check(changed_from <= _lines.all.find(_lines.with_seq(9)), "line 9 is not written again")


func test_days_stand_between_lines_and_once_where_pages_join() -> void:
	_lines.shows_days = true
	var page: Array[Line] = _page(1, 4)
	for i: int in 4:
		page[i].sent_at_ms = NOON_MS + floori(i / 2.0) * DAY_MS
	var newer: Array[Line] = page.slice(3)
	_lines.add_older(newer, true)
	_lines.add_older(page.slice(0, 3), false)
	for line: Line in _lines.leaving:
		_lines.take_out(line)
	check_equal(_texts(), ["day", "1", "2", "day", "3", "4"], "the lines")
	_lines.shows_days = false
	check_equal(_texts(), ["1", "2", "3", "4"], "the lines without days")


func test_lines_that_were_left_out_are_told_of_until_they_come() -> void:
	_lines.add_older(_page(1, 3), false)
	_lines.tell_read(3, true)
	_lines.skip(4, 10)
	_lines.add_line(_said(11))
	check_equal(_texts(), ["7 skipped", "—", "11"], "the lines")
	_lines.add_older(_page(8, 10), true)
	check_equal(_lines.leaving.size(), 1, "how many leave")
	for line: Line in _lines.leaving:
		_lines.take_out(line)
	check_equal(_texts(), ["8", "9", "10", "—", "11"], "the lines then")


func test_who_comes_and_goes_again_leaves_no_line() -> void:
	_lines.tell_member("ben", true)
	_lines.tell_member("cleo", true)
	check_equal(_lines.all.size(), 1, "how many lines tell of two")
	_lines.tell_member("ben", false)
	check_equal(_lines.leaving.size(), 0, "how many leave")
	_lines.tell_member("cleo", false)
	check_equal(_lines.leaving, [_lines.all[0]] as Array[Line], "what leaves")


func test_every_change_is_told() -> void:
	var told: Array[int] = [0]
	_lines.changed.connect(func() -> void: told[0] += 1)
	var changes: Array[Callable] = [
		_lines.add_line.bind(_said(2)),
		_lines.add_notice.bind(_said(0), false),
		_lines.add_older.bind(_page(1, 1), false),
		_lines.edit.bind(2, "changed"),
		_lines.delete.bind(2),
		_lines.tell_member.bind("ben", true),
		_lines.add_pending.bind(_own(0)),
		_lines.add_echo.bind(_own(3)),
		_lines.settle_accepted,
		_lines.set.bind(&"shows_days", true),
		_lines.skip.bind(4, 5),
		_lines.forget,
	]
	for change: Callable in changes:
		told[0] = 0
		change.call()
		check(told[0] > 0, "nobody is told of %s" % change)


func _said(seq: int) -> Line:
	var line := Line.new()
	line.sender = "ben"
	line.text = str(seq)
	line.seq = seq
	line.sent_at_ms = NOON_MS
	return line


func _own(seq: int) -> Line:
	var line: Line = _said(seq)
	line.sender = "ada"
	line.is_own = true
	return line


func _page(from: int, to: int) -> Array[Line]:
	var page: Array[Line] = []
	for seq: int in range(from, to + 1):
		page.append(_said(seq))
	return page


func _texts() -> Array:
	return _lines.all.map(
		func(line: Line) -> String:
			match line.kind:
				Line.Kind.UNREAD_MARK:
					return "—"
				Line.Kind.DAY:
					return "day"
				Line.Kind.SKIPPED:
					return "%d skipped" % line.seq
			return line.text
	)
