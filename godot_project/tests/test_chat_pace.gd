extends "res://tests/chatbox_case.gd"
## When the chatbox writes lines that come faster than anybody reads them.

const Pace := preload("res://addons/longhall/scenes/chatbox/chat_pace.gd")

## The tests run as a game of 60 frames a second.
const FRAMES: int = int(60 / Pace.PER_SECOND)
const FLOOD_FRAMES: int = int(60 * Pace.FLOOD_S)
const FLOOD_WRITING_FRAMES: int = int(60 * Pace.FLOOD_WRITING_S)
## A line in each of so many frames.
const STREAM: int = 120

var _log: ChatLog
var _seq: int = 0
## How often the log was written while lines came.
var _writings: int = 0


func set_up() -> void:
	await super()
	_log = chatbox.get_log("")


func test_a_conversation_is_written_line_by_line() -> void:
	for i: int in Pace.AT_ONCE:
		_say(1)
		await frames(2)
		check(shown().ends_with('"line %d"' % _seq), "line %d has to wait" % _seq)


func test_lines_in_every_frame_are_written_some_at_a_time() -> void:
	await _stream(Pace.AT_ONCE * FRAMES)
	await _stream(STREAM)
	var most: int = ceili(STREAM / float(FRAMES)) + 1
	check(_writings <= most, "%d writings for %d lines" % [_writings, STREAM])
	check(_writings >= most - 2, "%d writings for %d lines" % [_writings, STREAM])
	await frames(FRAMES + 2)
	check(shown().ends_with('"line %d"' % _seq), "the end: " + shown().right(30))
	check(_log.is_at_end(), "the log is not at its end")


func test_a_slow_game_writes_in_every_frame() -> void:
	for frames_per_second: int in [10, 60]:
		var pace := Pace.new()
		var waited: int = 0
		for frame: int in 100:
			waited += int(pace.waits(frame, 1.0 / frames_per_second, 1, frame + 1))
		check_equal(waited > 0, frames_per_second == 60, "a game of %d waits" % frames_per_second)


func test_an_own_line_waits_for_no_others() -> void:
	await _stream(Pace.AT_ONCE * FRAMES)
	for i: int in FRAMES:
		_say(1)
		await send("own line %d" % i)
		check(shown().contains("own line %d" % i), "own line %d has to wait" % i)


func test_a_change_waits_for_no_others() -> void:
	await _stream(Pace.AT_ONCE * FRAMES)
	for i: int in FRAMES:
		var seq: int = _seq
		_say(1)
		chatbox.edit_line("lobby", seq, "changed %d" % i)
		await frames(2)
		check(shown().contains("changed %d" % i), "change %d has to wait" % i)


func test_a_flood_is_written_when_it_is_over_and_once_in_a_while() -> void:
	await _flood(FLOOD_FRAMES - 2)
	check_equal(_log.get_paragraph_count(), 1, "paragraphs while the flood lasts")
	await _flood(FLOOD_WRITING_FRAMES)
	check(shown().contains('"line '), "nothing of it is shown in the meantime")
	check(not shown().ends_with('"line %d"' % _seq), "it is not held back")
	await until_written()
	check(shown().ends_with('"line %d"' % _seq), "the end: " + shown().right(30))
	check(_log.is_at_end(), "the log is not at its end")


func test_who_scrolls_up_in_a_flood_stays_where_they_are() -> void:
	_say(200)
	await until_written()
	await _flood(3)
	_log.scroll_by_pages(-1.0)
	await frames(2)
	var top: String = top_line()
	await _flood(5)
	await until_written()
	check_equal(top_line(), top, "the line at the top")


func test_another_player_sees_nothing_of_what_was_before() -> void:
	_say(200)
	await until_written()
	await _flood(5)
	chatbox.reset()
	_seq = 0
	await _flood(1)
	check(not shown().contains('"line 200"'), "lines of another player: " + shown().right(30))


func test_a_line_changes_nothing_around_the_log_for_who_is_looking_at_it() -> void:
	_say(1)
	await until_written()
	var refreshed: Array[int] = [0]
	var all_tabs: Node = chatbox.get_node("%ChatTabs")
	all_tabs.connect(&"refreshed", func() -> void: refreshed[0] += 1)
	for i: int in 5:
		_say(1)
		chatbox.set_unread("lobby", 1)
		await frames(2)
	check_equal(refreshed[0], 0, "how often the tabs and the roster were filled anew")
	chatbox.show_line("trade", "ben", "hello", NOON_MS, 1)
	await frames(2)
	check_equal(tabs(), ["lobby", "trade 1"], "the tabs")


func _say(count: int) -> void:
	for i: int in count:
		_seq += 1
		chatbox.show_line("lobby", "ben", "line %d" % _seq, NOON_MS + _seq, _seq)


# One line in each frame.
func _stream(count: int) -> void:
	_writings = 0
	var before: int = _log.get_paragraph_count()
	for i: int in count:
		_say(1)
		await frames(1)
		var now: int = _log.get_paragraph_count()
		_writings += int(now != before or shown().ends_with('"line %d"' % _seq))
		before = now


# Many lines in each frame.
func _flood(count: int) -> void:
	for i: int in count:
		_say(Pace.FLOOD)
		await frames(1)
