extends Control
## What players reported, for moderators: the queue, and one report with the lines that were
## kept with it.

## The reports are wanted that are open, or closed: those before number [param before], or
## the newest when it is 0.
signal page_requested(is_open: bool, before: int)
## The lines of [param report] are wanted.
signal lines_requested(report: int)
## The moderator closes [param report], as "acted" or "dismissed".
signal close_requested(report: int, outcome: String, note: String)

const Line := preload("chat_line.gd")
const PlainText := preload("plain_text.gd")
const ReportDialog := preload("report_dialog.gd")

const _WIDTH: float = 560.0
## Room beside the card, and above and below it.
const _BESIDE: float = 24.0
## The least height of what scrolls.
const _LEAST_ROWS: float = 200.0
const _OUTCOMES: Dictionary[String, String] = {"acted": "Done", "dismissed": "Dismissed"}

var _is_open_kind: bool = true
var _reports: Array[Dictionary] = []
## The report in view; empty for the list.
var _chosen: Dictionary = {}

@onready var _card: PanelContainer = %Card
@onready var _back: Button = %Button_Back
@onready var _title: Label = %Label_Title
@onready var _filter: HBoxContainer = %Row_Filter
@onready var _open_kind: Button = %Button_Open
@onready var _done_kind: Button = %Button_Done
@onready var _facts: Label = %Label_Facts
@onready var _scroll: ScrollContainer = %Scroll
@onready var _rows: VBoxContainer = %Rows
@onready var _status: Label = %Label_Status
@onready var _note: LineEdit = %LineEdit_Note
@onready var _outcome: HBoxContainer = %Row_Outcome


func _ready() -> void:
	var group := ButtonGroup.new()
	_open_kind.button_group = group
	_done_kind.button_group = group


func _input(event: InputEvent) -> void:
	# Also from a control that knows what to do with it.
	if is_visible_in_tree() and event.is_action_pressed(&"ui_cancel"):
		if _chosen.is_empty():
			close()
		else:
			_show_list()
		get_viewport().set_input_as_handled()


## Opens with what waits.
func open() -> void:
	visible = true
	_open_kind.button_pressed = true
	_arrange()
	_show_kind(true)
	_open_kind.grab_focus()


func close() -> void:
	visible = false


## Asks again for the list, if it is in view: there are more or fewer.
func refresh() -> void:
	if visible and _chosen.is_empty():
		page_requested.emit(_is_open_kind, 0)


## Lists [param reports] as [method NetworkClient.list_reports] brings them: the newest when
## [param before] is 0, else those that come behind. [param more] says whether there are more.
func show_page(reports: Array[Dictionary], before: int, more: bool) -> void:
	if before == 0:
		_reports = reports
	else:
		_reports.append_array(reports)
	if not _chosen.is_empty():
		return
	_clear()
	for report: Dictionary in _reports:
		_rows.add_child(_row_of(report))
	if _reports.is_empty():
		_add_label(tr("No report waits.") if _is_open_kind else tr("None yet."), &"MutedLabel")
	if more:
		var last: int = _reports[-1]["report"]
		var older := Button.new()
		older.text = "Older reports"
		older.pressed.connect(func() -> void: page_requested.emit(_is_open_kind, last))
		_rows.add_child(older)


## Shows [param lines] that were kept with [param report].
func show_lines(report: int, lines: Array[Dictionary]) -> void:
	if _chosen.is_empty() or report != _chosen["report"]:
		return
	_clear()
	for line: Dictionary in lines:
		_add_line(line)
	if lines.is_empty():
		_add_label(tr("The player is reported, and no message."), &"MutedLabel")


## Goes on with the list: [param report] is closed.
func show_closed(report: int) -> void:
	if not _chosen.is_empty() and report == _chosen["report"]:
		_show_list()


## Says why something was not done.
func show_denied(text: String) -> void:
	_lock(false)
	_say(text)


func _show_kind(is_open_kind: bool) -> void:
	_is_open_kind = is_open_kind
	_show_list()


func _show_list() -> void:
	_chosen = {}
	_refresh()
	show_page([], 0, false)
	page_requested.emit(_is_open_kind, 0)


func _show_report(report: Dictionary) -> void:
	_chosen = report
	_note.clear()
	_refresh()
	_clear()
	var number: int = report["report"]
	lines_requested.emit(number)
	_back.grab_focus()


func _refresh() -> void:
	var is_list: bool = _chosen.is_empty()
	var is_open: bool = not is_list and str(_chosen["outcome"]).is_empty()
	_say("")
	_lock(false)
	_back.visible = not is_list
	_filter.visible = is_list
	_facts.visible = not is_list
	_note.visible = is_open
	_outcome.visible = is_open
	_title.text = tr("Reports") if is_list else _title_of(_chosen)
	_facts.text = "" if is_list else _facts_of(_chosen)


func _title_of(report: Dictionary) -> String:
	return "%s  ·  %s" % [report["username"], _category_of(report)]


func _category_of(report: Dictionary) -> String:
	var category: String = report["category"]
	var words: String = ReportDialog.CATEGORIES.get(category, ReportDialog.CATEGORIES["other"])
	return tr(words)


func _facts_of(report: Dictionary) -> String:
	var by: String = tr("Reported by %s") % report["by"]
	var channel: String = report["channel"]
	match channel:
		"":
			pass
		"@":
			by += "  ·  " + tr("in a whisper")
		_:
			by += "  ·  " + tr("in %s") % channel
	var facts: PackedStringArray = [by]
	var said: String = report["text"]
	if not said.is_empty():
		facts.append(tr("“%s”") % PlainText.of(said))
	var outcome: String = report["outcome"]
	if not outcome.is_empty():
		var words: String = _OUTCOMES.get(outcome, "Dismissed")
		facts.append("%s: %s" % [tr(words), report["closed_by"]])
		var told: String = report["closed_text"]
		if not told.is_empty():
			facts.append(tr("“%s”") % PlainText.of(told))
	return "\n".join(facts)


func _row_of(report: Dictionary) -> Button:
	var row := Button.new()
	row.auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
	row.alignment = HORIZONTAL_ALIGNMENT_LEFT
	row.text_overrun_behavior = TextServer.OVERRUN_TRIM_ELLIPSIS
	row.mouse_default_cursor_shape = Control.CURSOR_POINTING_HAND
	row.text = "#%d  %s" % [report["report"], _title_of(report)]
	row.tooltip_text = _facts_of(report)
	row.pressed.connect(_show_report.bind(report))
	return row


func _add_line(line: Dictionary) -> void:
	var seq: int = line["seq"]
	var is_reported: bool = seq == _chosen["seq"]
	var is_deleted: bool = line["deleted"]
	var text: String = tr("message deleted") if is_deleted else PlainText.of(str(line["text"]))
	var sent_at_ms: int = line["sent_at_ms"]
	var at: int = floori(sent_at_ms / 1000.0) + Line.time_zone_bias()
	var clock: String = Time.get_time_string_from_unix_time(at).left(5)
	var mark: String = "▸ " if is_reported else ""
	var shown: String = "%s%s  %s: %s" % [mark, clock, line["sender"], text]
	_add_label(shown, &"NameLabel" if is_reported else &"Label")


func _add_label(text: String, variation: StringName) -> void:
	var label := Label.new()
	label.theme_type_variation = variation
	label.auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
	label.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
	label.text = text
	_rows.add_child(label)


func _clear() -> void:
	for row: Node in _rows.get_children():
		_rows.remove_child(row)
		row.queue_free()


func _close_report(outcome: String) -> void:
	_say("")
	_lock(true)
	var number: int = _chosen["report"]
	close_requested.emit(number, outcome, _note.text.strip_edges())


func _lock(is_busy: bool) -> void:
	for button: Button in _outcome.get_children():
		button.disabled = is_busy


func _say(text: String) -> void:
	_status.text = text
	_status.visible = not text.is_empty()


func _arrange() -> void:
	if is_node_ready():
		_card.custom_minimum_size.x = minf(_WIDTH, size.x - _BESIDE)
		var around: float = _card.get_combined_minimum_size().y - _scroll.custom_minimum_size.y
		var most: float = maxf(size.y - _BESIDE - around, 0.0)
		var whole: float = _rows.get_combined_minimum_size().y
		_scroll.custom_minimum_size.y = minf(maxf(whole, _LEAST_ROWS), most)


func _on_dim_gui_input(event: InputEvent) -> void:
	var button := event as InputEventMouseButton
	if button != null and button.pressed:
		close()
