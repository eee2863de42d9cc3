extends RefCounted
## A file of tests: every method whose name starts with [code]test_[/code] is one.
##
## Each runs on an object of its own, and all nodes given to [method add] are gone
## afterwards. A test fails by [method check], or by any error that the engine
## reports in the meantime.

const Arguments := preload("res://tests/arguments.gd")
const PlayerInput := preload("res://tests/player_input.gd")
const ServerControl := preload("res://tests/server_control.gd")

## The usual patience, in seconds of real time.
const SOON: float = 10.0

const _SUFFIX_LETTERS: String = "bcdfghkptxyz"

var tree: SceneTree
var arguments: Arguments
var input: PlayerInput
var server_control: ServerControl

## What went wrong, one sentence each.
var failures: PackedStringArray = []

var _nodes: Array[Node] = []


## Why the tests of this file cannot run here; empty if they can.
func why_skipped() -> String:
	return ""


## Called before the test.
func set_up() -> void:
	await frames(1)


## Called after the test, also after a failed one, before the nodes go.
func tear_down() -> void:
	await frames(1)


## Notes [param complaint] unless [param holds]. Returns [param holds].
func check(holds: bool, complaint: String) -> bool:
	if not holds:
		failures.append(complaint)
	return holds


## Like [method check], for two values that have to be the same.
func check_equal(actual: Variant, expected: Variant, what: String) -> bool:
	var same: bool = actual == expected
	return check(same, "%s is %s, not %s" % [what, actual, expected])


## Waits until [param condition] returns true. Complains about [param what] when it
## does not for [param seconds] of real time.
func wait_until(condition: Callable, what: String, seconds: float = SOON) -> bool:
	var deadline: int = Time.get_ticks_msec() + int(seconds * 1000.0)
	while not condition.call():
		if Time.get_ticks_msec() > deadline:
			return check(false, "waited in vain: " + what)
		await tree.process_frame
	# What has just come about is laid out by the next frame.
	await tree.process_frame
	return true


## Lets real time pass, for what must not happen in it.
func wait_for_seconds(seconds: float) -> void:
	var end: int = Time.get_ticks_msec() + int(seconds * 1000.0)
	while Time.get_ticks_msec() < end:
		await tree.process_frame


## Lets [param count] frames pass.
func frames(count: int) -> void:
	for i: int in count:
		await tree.process_frame


## Adds [param node] to the root until the test is over.
func add(node: Node) -> void:
	_nodes.append(node)
	tree.root.add_child(node)
	await frames(2)


## Frees what [method add] added.
func free_nodes() -> void:
	for node: Node in _nodes:
		if is_instance_valid(node):
			node.queue_free()
	_nodes.clear()
	await frames(2)


## [param text] with letters behind it that make an account's name new in every run.
static func unique(text: String) -> String:
	for i: int in 7:
		text += _SUFFIX_LETTERS[randi() % _SUFFIX_LETTERS.length()]
	return text
