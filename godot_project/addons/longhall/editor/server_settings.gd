@tool
extends VBoxContainer
## What the server is started with: its program, its port, more options.

const LocalServer := preload("local_server.gd")
const Program := preload("server_program.gd")

const _MAX_PORT: int = 65_535

var _port := SpinBox.new()
var _options := LineEdit.new()
var _program := LineEdit.new()
var _choose := Button.new()
var _files := EditorFileDialog.new()


func _init() -> void:
	_port.name = "Port"
	_options.name = "Options"
	_program.name = "Program"
	_port.max_value = _MAX_PORT
	_port.tooltip_text = "Where the server listens on this machine; 0 for a free port each time"
	_options.placeholder_text = "--guests"
	_options.tooltip_text = "More options of the server, as its --help describes them"
	_program.tooltip_text = "Empty: the program in the addon, else the one in PATH"
	_choose.text = "…"
	_choose.tooltip_text = "Choose the server's program"
	_files.access = EditorFileDialog.ACCESS_FILESYSTEM
	_files.file_mode = EditorFileDialog.FILE_MODE_OPEN_FILE
	_files.title = "The program longhall-server"
	_add_row("Program", [_program, _choose])
	_add_row("Port", [_port])
	_add_row("Options", [_options])
	add_child(_files)
	_port.value_changed.connect(_on_port_value_changed)
	_options.text_changed.connect(LocalServer.set_options)
	_program.text_changed.connect(_on_program_text_changed)
	_choose.pressed.connect(_files.popup_file_dialog)
	_files.file_selected.connect(_on_files_file_selected)
	visibility_changed.connect(_show_values)


func _ready() -> void:
	_show_values()


func _add_row(title: String, controls: Array[Control]) -> void:
	var row := HBoxContainer.new()
	var label := Label.new()
	label.text = title
	label.custom_minimum_size = Vector2(72.0, 0.0)
	row.add_child(label)
	for control: Control in controls:
		if control != _choose:
			control.size_flags_horizontal = SIZE_EXPAND_FILL
		row.add_child(control)
	add_child(row)


func _show_values() -> void:
	if not is_visible_in_tree():
		return
	_port.set_value_no_signal(LocalServer.port())
	if not _options.has_focus():
		_options.text = LocalServer.options()
	if not _program.has_focus():
		_program.text = Program.chosen()
		var found: String = Program.find()
		_program.placeholder_text = found if not found.is_empty() else "none found"


func _on_port_value_changed(value: float) -> void:
	LocalServer.set_port(int(value))


func _on_program_text_changed(path: String) -> void:
	Program.choose(path.strip_edges())


func _on_files_file_selected(path: String) -> void:
	Program.choose(path)
	_show_values()
