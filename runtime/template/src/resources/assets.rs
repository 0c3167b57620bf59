//! The manifest that `cdk synth` writes next to a template, `Stack.assets.json` for `Stack.template.json`: which local
//! file becomes which object in S3.

use std::path::Path;

use crate::node::Node;
use crate::read;

/// The local path of the asset that would be uploaded under this key, relative to the template's directory. `None` if
/// there is no manifest, or no such asset in it.
///
/// # Errors
/// When there is a manifest that cannot be read; for people.
pub(super) fn find(template: &Path, object_key: &str) -> Result<Option<String>, String> {
    let Some(manifest) = manifest_of(template) else { return Ok(None) };
    if !manifest.is_file() {
        return Ok(None);
    }
    let unreadable = |why: String| format!("the manifest of assets {}: {why}", manifest.display());
    let text = read::file(&manifest).map_err(unreadable)?;
    let root = read::text(&text).map_err(|error| unreadable(error.message))?;
    Ok(path_in(&root, object_key))
}

fn manifest_of(template: &Path) -> Option<std::path::PathBuf> {
    let stack = template.file_name()?.to_str()?.strip_suffix(".template.json")?;
    Some(template.with_file_name(format!("{stack}.assets.json")))
}

fn path_in(root: &Node, object_key: &str) -> Option<String> {
    let member = |node: &Node, key: &str| node.as_map().and_then(|map| map.get(key)).cloned();
    let files = member(root, "files")?;
    let file = files.as_map()?.values().find(|file| {
        let destinations = member(file, "destinations");
        let mut destinations =
            destinations.iter().filter_map(Node::as_map).flat_map(|map| map.values());
        destinations
            .any(|to| member(to, "objectKey").as_ref().and_then(Node::as_text) == Some(object_key))
    })?;
    member(&member(file, "source")?, "path")?.as_text().map(str::to_owned)
}
