extends Node
## Reports to moderators: the dialog that asks for one, and the queue of those who keep order.

## The player reports line [param seq] of [param channel], or [param player] when
## [param seq] is 0.
signal report_requested(channel: String, seq: int, player: String, category: String, note: String)
## A page of reports is wanted.
signal reports_requested(is_open: bool, before: int)
## The lines of a report are wanted.
signal report_lines_requested(report: int)
## A report is to be closed.
signal report_close_requested(report: int, outcome: String, note: String)

const ChatHeader := preload("chat_header.gd")
const ChatInput := preload("chat_input.gd")
const ChatTabs := preload("chat_tabs.gd")
const Line := preload("chat_line.gd")
const ReportDialog := preload("report_dialog.gd")
const ReportQueue := preload("report_queue.gd")

@onready var _header: ChatHeader = %Header
@onready var _tabs: ChatTabs = %ChatTabs
@onready var _input: ChatInput = %LineEdit
@onready var _dialog: ReportDialog = %ReportDialog
@onready var _queue: ReportQueue = %ReportQueue


func _ready() -> void:
	_dialog.report_requested.connect(report_requested.emit)
	_queue.page_requested.connect(reports_requested.emit)
	_queue.lines_requested.connect(report_lines_requested.emit)
	_queue.close_requested.connect(report_close_requested.emit)


## Asks why [param player] is reported, for [param line] if that is theirs.
func ask(player: String, line: Line) -> void:
	var is_theirs: bool = line != null and line.sender == player and line.number() > 0
	if is_theirs:
		_dialog.open(player, _tabs.current.channel, line.number(), line.text)
	else:
		_dialog.open(player, "", 0, "")


## Tells what became of a report: it was taken, or [param denied] says why not.
func settle(denied: String) -> void:
	if denied.is_empty():
		_dialog.close()
	else:
		_dialog.show_denied(denied)


## So many reports wait; the header shows it. Negative: this player is no moderator.
func set_waiting(count: int) -> void:
	_header.reports_waiting = count
	if count < 0:
		_queue.close()
	else:
		_queue.refresh()


## What the queue shows, for the answers to what it asks for.
func queue() -> ReportQueue:
	return _queue


## Closes what is open.
func close() -> void:
	_dialog.close()
	set_waiting(-1)


func _on_button_reports_pressed() -> void:
	_queue.open()


func _on_overlay_visibility_changed() -> void:
	if is_node_ready() and _input.is_visible_in_tree():
		if not _dialog.visible and not _queue.visible:
			_input.edit()
