class_name AccountScreen
extends LonghallScreen
## What a player can do about the account: name, password, devices, blocked players, recovery
## codes, second factor, a copy of all data, and deleting it. A guest can keep it here.
##
## It is part of the [Chatbox], whose header opens it, and works alone as well: put it into
## a scene with a [NetworkClient] and call [method open]. Each part is a file of its own in
## this folder; one of yours comes in by [method add_section].
## [br][br]
## It works on while the tree is paused; its [member Node.process_mode] is yours to change.

## The player has closed the screen.
signal closed
## A part wants [param method] of the client called; [param answered] takes the request.
signal asked(method: StringName, arguments: Array, answered: Callable)
## The screen is open and wants to know how the account is.
signal opened

const Card := preload("res://addons/longhall/scenes/longhall_card.gd")
const Look := preload("res://addons/longhall/scenes/longhall_look.gd")
const RecoveryCodes := preload("res://addons/longhall/scenes/recovery_codes.gd")
const Section := preload("account_section.gd")
const SectionKeep := preload("section_keep.gd")

const _SECTIONS: Array[GDScript] = [
	SectionKeep,
	preload("section_name.gd"),
	preload("section_password.gd"),
	preload("section_devices.gd"),
	preload("section_blocks.gd"),
	preload("section_codes.gd"),
	preload("section_factor.gd"),
	preload("section_data.gd"),
	preload("section_deletion.gd"),
]

var _sections: Array[Section] = []

@onready var _card: Card = %Card
@onready var _codes: RecoveryCodes = %RecoveryCodes


func _ready() -> void:
	for script: GDScript in _SECTIONS:
		var section: Section = script.new()
		add_section(section)
	_card.closed.connect(_on_card_closed)
	_codes.closed.connect(func() -> void: _card.can_close = true)
	Look.dress(self)
	_start()


func _notification(what: int) -> void:
	if what == NOTIFICATION_THEME_CHANGED and is_node_ready():
		Look.dress(self)


## Adds a part below the others.
func add_section(section: Section) -> void:
	_sections.append(section)
	section.asked.connect(asked.emit)
	_card.content.add_child(section)


## Opens the screen.
func open() -> void:
	visible = true
	_card.show_card("Your account")
	opened.emit()


## Closes it, whatever is typed there.
func close() -> void:
	_card.close()


## Tells how the account is: how many recovery codes are left, and whether there is a second
## factor.
func show_account(codes_left: int, has_second_factor: bool) -> void:
	for section: Section in _sections:
		section.show_account(codes_left, has_second_factor)


## Tells whether the player is a guest, and what an account takes: a
## [member NetworkClient.registration_mode].
func show_guest(is_guest: bool, registration_mode: String) -> void:
	for section: Section in _sections:
		if section is SectionKeep:
			(section as SectionKeep).show_registration(registration_mode)
		section.show_guest(is_guest)


## Tells when the account will be deleted, as [member NetworkClient.deletion_at_ms] does.
func show_deletion(deleted_at_ms: int) -> void:
	for section: Section in _sections:
		section.show_deletion(deleted_at_ms)


## Has every part ask for what it lists.
func refresh() -> void:
	for section: Section in _sections:
		section.refresh()


## Shows new recovery codes, which nobody sees again.
func show_recovery_codes(codes: PackedStringArray, username: String) -> void:
	# What is shown only once is not closed by accident.
	_card.can_close = false
	_codes.open(codes, username)


func _make_room() -> void:
	for part: Control in [_card, _codes]:
		part.offset_bottom = -keyboard_height


func _on_card_closed() -> void:
	visible = false
	closed.emit()
