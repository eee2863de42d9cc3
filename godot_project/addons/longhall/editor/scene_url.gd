@tool
extends RefCounted
## Gives the nodes of the edited scene another url, so that it can be undone.

const _CLASS: String = "NetworkClient"


## Sets [param url] on each NetworkClient of the edited scene. Returns what came of it, in
## words.
static func apply(url: String) -> String:
	var root: Node = EditorInterface.get_edited_scene_root()
	if root == null:
		return "No scene is open."
	var clients: Array[Node] = _clients_of(root)
	if clients.is_empty():
		return "The edited scene has no NetworkClient of its own."
	var undo: EditorUndoRedoManager = EditorInterface.get_editor_undo_redo()
	undo.create_action("Use the server of the Longhall dock", UndoRedo.MERGE_DISABLE, root)
	for client: Node in clients:
		undo.add_do_property(client, &"url", url)
		undo.add_undo_property(client, &"url", client.get(&"url"))
	undo.commit_action()
	var names: Array = clients.map(func(client: Node) -> String: return client.name)
	return "%s: the url is %s now. Undo takes it back." % [", ".join(names), url]


# Nodes of scenes within this one belong to those.
static func _clients_of(root: Node) -> Array[Node]:
	var clients: Array[Node] = []
	if root.is_class(_CLASS):
		clients.append(root)
	for node: Node in root.find_children("*", _CLASS, true, false):
		if node.owner == root:
			clients.append(node)
	return clients
