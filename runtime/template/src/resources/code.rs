//! Where the code of a function is: a directory, a zip file, or the template itself.
//!
//! Paths are relative to the template's directory. CDK writes neither of these: it uploads assets and notes the local
//! path in the function's metadata, or leaves it to the manifest of assets.

use std::path::{Path, PathBuf};

use super::assets;
use crate::fields::Fields;
use crate::intrinsics::names::is_call;
use crate::inventory::Entry;
use crate::node::{Data, Node};
use crate::stack::Code;

/// Finds code.
pub(crate) struct Finder {
    template: PathBuf,
    directory: PathBuf,
    /// The program that has the template has the code too.
    built_in: bool,
}

impl Finder {
    pub(crate) fn new(template: &Path) -> Self {
        let directory = template.parent().map(Path::to_path_buf).unwrap_or_default();
        Self { template: template.to_owned(), directory, built_in: false }
    }

    /// Of a template that is part of a program: nothing is looked for.
    pub(crate) fn built_in() -> Self {
        Self { template: PathBuf::new(), directory: PathBuf::new(), built_in: true }
    }

    /// The code of a function; `None` if it is not there, which is reported.
    pub(crate) fn find(
        &self,
        fields: &Fields<'_, '_>,
        entry: &Entry<'_>,
        serverless: bool,
        runtime: Option<&str>,
    ) -> Option<Code> {
        if self.built_in {
            return Some(Code::BuiltIn);
        }
        if serverless {
            return self.find_serverless(fields, runtime);
        }
        if !fields.has("Code") {
            fields.report(
                "Code",
                "it is missing; it is a directory, a zip file, or a map with ZipFile",
            );
            return None;
        }
        if let Some(path) = asset_path(entry) {
            return self.local(fields, "Code", path);
        }
        if fields.raw("Code").and_then(Node::as_map).is_none_or(is_call) {
            return self.local(fields, "Code", &fields.text("Code")?);
        }
        // The bucket is not looked at: CDK's has a name that only an account knows.
        let code = fields.nested("Code")?;
        code.check(
            &[
                "ZipFile",
                "S3Bucket",
                "S3Key",
                "S3ObjectVersion",
                "S3ObjectStorageMode",
                "ImageUri",
                "SourceKMSKeyArn",
            ],
            "Code",
        );
        if code.has("ZipFile") {
            return inline(&code, "ZipFile", runtime);
        }
        if code.has("ImageUri") {
            code.report(
                "ImageUri",
                "container images are not run here; give the code as a directory or zip file",
            );
            return None;
        }
        self.asset(&code)
    }

    fn find_serverless(&self, fields: &Fields<'_, '_>, runtime: Option<&str>) -> Option<Code> {
        if fields.has("InlineCode") {
            return inline(fields, "InlineCode", runtime);
        }
        if !fields.has("CodeUri") {
            fields
                .report("CodeUri", "it is missing; it is the directory or zip file with the code");
            return None;
        }
        let value = fields.value("CodeUri")?;
        match value.as_text() {
            Some(path) => self.local(fields, "CodeUri", path),
            None => {
                fields.report(
                    "CodeUri",
                    "code in S3 cannot be fetched here; give a directory or a zip file",
                );
                None
            }
        }
    }

    fn local(&self, fields: &Fields<'_, '_>, key: &str, written: &str) -> Option<Code> {
        if written.contains("://") {
            fields.report(
                key,
                format!("{written} cannot be fetched here; give a directory or a zip file"),
            );
            return None;
        }
        let path = self.directory.join(written);
        if path.is_dir() {
            return Some(Code::Directory(path));
        }
        let is_zip =
            path.extension().is_some_and(|it| it.eq_ignore_ascii_case("zip") || it == "jar");
        if path.is_file() && is_zip {
            return Some(Code::Zip(path));
        }
        let message = if path.is_file() {
            format!("{} is neither a directory nor a zip file", path.display())
        } else {
            format!("there is no {}; build the function first, or correct the path", path.display())
        };
        fields.report(key, message);
        None
    }

    /// Code in a bucket: an asset of CDK, or nothing that is here.
    fn asset(&self, code: &Fields<'_, '_>) -> Option<Code> {
        let key =
            code.required("S3Key", "; Code needs ZipFile, a local path, or an asset of CDK")?;
        match assets::find(&self.template, &key) {
            Ok(Some(path)) => self.local(code, "S3Key", &path),
            Ok(None) => {
                let message = format!(
                    "the code is in S3 ({key}) and no manifest of assets next to the template has it; \
                     run this on the output directory of cdk synth, or give a directory or zip file"
                );
                code.report("S3Key", message);
                None
            }
            Err(message) => {
                code.report("S3Key", message);
                None
            }
        }
    }
}

/// Where CDK and the AWS CLI note the local path of code that is to be uploaded.
fn asset_path<'e>(entry: &'e Entry<'_>) -> Option<&'e str> {
    let metadata = entry.metadata?;
    let property = metadata.get("aws:asset:property").and_then(Node::as_text);
    if property.is_some_and(|property| property != "Code") {
        return None;
    }
    match &metadata.get("aws:asset:path")?.data {
        Data::Text(path) => Some(path),
        _ => None,
    }
}

/// Code that stands in the template. Lambda puts it into a file whose name its handler needs.
fn inline(fields: &Fields<'_, '_>, key: &str, runtime: Option<&str>) -> Option<Code> {
    let text = fields.text(key)?;
    let runtime = runtime?;
    let file_name = if runtime.starts_with("nodejs") {
        "index.js"
    } else if runtime.starts_with("python") {
        "index.py"
    } else {
        fields.report(key, format!("code in the template is for nodejs and python, not {runtime}"));
        return None;
    };
    Some(Code::Inline { file_name: file_name.to_owned(), text })
}
