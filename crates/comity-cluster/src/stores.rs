//! Object stores: what lies at an address, its bytes, and writing there.
//!
//! Addresses are `s3://`, `gs://`, `az://` (or `abfs://`, `abfss://`) and `file://`.
//! Credentials come from the environment of the process, as the tools of the stores name
//! them, and from nowhere else; they are in no message.

use bytes::Bytes;
use comity_model::Diagnostic;
use comity_replay::bulk::input::{Format, Input, Lies, unreadable};
use comity_replay::bulk::rows::unwritable;
use comity_replay::bulk::source::Remote;
use futures::TryStreamExt;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{
    ClientConfigKey, Error, ObjectStore, ObjectStoreExt, ObjectStoreScheme, RetryConfig,
    WriteMultipart,
};
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use url::Url;

/// Bytes of one piece of a file that is sent.
const PIECE_BYTES: usize = 8 << 20;

/// True for what is an address and no path.
pub fn is_address(text: &str) -> bool {
    text.contains("://")
}

/// A store with a key in it.
struct Place {
    address: String,
    /// The address up to the key.
    root: String,
    store: Arc<dyn ObjectStore>,
    key: Key,
    scheme: ObjectStoreScheme,
}

impl Place {
    fn of(address: &str) -> Result<Place, Diagnostic> {
        let strange = |why: String| {
            Diagnostic::error("unreadable-store", format!("`{}` is no address of a store: {why}", shown(address)))
                .help("addresses are s3://BUCKET/KEY, gs://BUCKET/KEY, az://CONTAINER/KEY or file:///PATH")
        };
        let url = Url::parse(address).map_err(|e| strange(e.to_string()))?;
        // A key in an address would be in messages and receipts.
        if url.password().is_some() || url.query().is_some() {
            return Err(strange(
                "it carries a password or a query; credentials belong in the environment"
                    .to_owned(),
            ));
        }
        let (scheme, key) = ObjectStoreScheme::parse(&url).map_err(|e| strange(e.to_string()))?;
        let store = store(&scheme, &url).map_err(|e| broken(address, &scheme, "be opened", &e))?;
        let store =
            store.ok_or_else(|| strange(format!("`{}` is no kind that is known", url.scheme())))?;
        let root = url[..url::Position::BeforePath].to_owned();
        Ok(Place { address: address.to_owned(), root, store, key, scheme })
    }

    fn broken(&self, what: &str, e: &Error) -> Diagnostic {
        broken(&self.address, &self.scheme, what, e)
    }
}

/// The stores of this process, each opened once.
static STORES: Mutex<Option<HashMap<String, Arc<dyn ObjectStore>>>> = Mutex::new(None);

fn store(scheme: &ObjectStoreScheme, url: &Url) -> Result<Option<Arc<dyn ObjectStore>>, Error> {
    let name = format!("{}://{}@{}", url.scheme(), url.username(), url.authority());
    let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
    let stores = stores.get_or_insert_default();
    if let Some(found) = stores.get(&name) {
        return Ok(Some(Arc::clone(found)));
    }
    // A replay would rather stop and be resumed than wait for minutes.
    let retry = RetryConfig {
        max_retries: 4,
        retry_timeout: Duration::from_secs(30),
        ..RetryConfig::default()
    };
    let wait = ("5 seconds", ClientConfigKey::ConnectTimeout);
    let made: Arc<dyn ObjectStore> = match scheme {
        ObjectStoreScheme::AmazonS3 => Arc::new(
            AmazonS3Builder::from_env()
                .with_url(url.as_str())
                .with_config(AmazonS3ConfigKey::Client(wait.1), wait.0)
                .with_retry(retry)
                .build()?,
        ),
        ObjectStoreScheme::GoogleCloudStorage => Arc::new(
            GoogleCloudStorageBuilder::from_env()
                .with_url(url.as_str())
                .with_config(GoogleConfigKey::Client(wait.1), wait.0)
                .with_retry(retry)
                .build()?,
        ),
        ObjectStoreScheme::MicrosoftAzure => Arc::new(
            MicrosoftAzureBuilder::from_env()
                .with_url(url.as_str())
                .with_config(AzureConfigKey::Client(wait.1), wait.0)
                .with_retry(retry)
                .build()?,
        ),
        ObjectStoreScheme::Local => Arc::new(LocalFileSystem::new()),
        _ => return Ok(None),
    };
    stores.insert(name, Arc::clone(&made));
    Ok(Some(made))
}

fn broken(address: &str, scheme: &ObjectStoreScheme, what: &str, e: &Error) -> Diagnostic {
    let credentials = match scheme {
        ObjectStoreScheme::AmazonS3 => {
            "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION; AWS_ENDPOINT for another S3 than Amazon's, AWS_SKIP_SIGNATURE=true for public data"
        }
        ObjectStoreScheme::GoogleCloudStorage => "GOOGLE_APPLICATION_CREDENTIALS",
        ObjectStoreScheme::MicrosoftAzure => {
            "AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ACCOUNT_KEY"
        }
        _ => "none are needed for files",
    };
    Diagnostic::error("unreadable-store", format!("`{}` cannot {what}: {}", shown(address), cause(e))).help(format!(
        "check the address, the network, and on every machine of the cluster the credentials in its environment ({credentials})"
    ))
}

/// An address without what may be secret.
fn shown(address: &str) -> String {
    let address = address.split('?').next().unwrap_or_default();
    match (address.split_once("://"), address.rsplit_once('@')) {
        (Some((scheme, rest)), Some((user, host)))
            if rest.contains('@') && user[scheme.len() + 3..].contains(':') =>
        {
            format!("{scheme}://…@{host}")
        }
        _ => address.to_owned(),
    }
}

/// Why, in one line: the bodies of answers and the queries of addresses are left out, which
/// can hold signatures.
fn cause(e: &Error) -> String {
    let kind = match e {
        Error::NotFound { .. } => "nothing is there",
        Error::PermissionDenied { .. } => "access is denied",
        Error::Unauthenticated { .. } => "no valid credentials",
        _ => "",
    };
    if !kind.is_empty() {
        return kind.to_owned();
    }
    let mut text = e.to_string();
    if let Some(end) = text.find(['<', '{', '\n']) {
        text.truncate(end);
    }
    let words = text.split(' ').map(|w| w.split_once('?').map_or(w, |(before, _)| before));
    words.collect::<Vec<_>>().join(" ").trim_end_matches([':', ' ']).to_owned()
}

/// Waits for a future wherever the caller is, also within a task of another runtime.
fn wait<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, io::Error> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("stores")
            .enable_all()
            .build()
            .ok()
    });
    let runtime = runtime.as_ref().ok_or_else(|| io::Error::other("no thread for the network"))?;
    let (send, receive) = mpsc::sync_channel(1);
    runtime.spawn(async move {
        // Nobody waits for the answer of a task that was canceled.
        let _ = send.send(work.await);
    });
    receive.recv().map_err(io::Error::other)
}

fn waited<T: Send + 'static>(
    place: &Place,
    what: &str,
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Diagnostic> {
    let done = wait(work).map_err(|e| Error::Generic { store: "runtime", source: Box::new(e) });
    done.and_then(|r| r).map_err(|e| place.broken(what, &e))
}

/// The files of a table at some addresses: a file, or all that lies below a folder, in the
/// order of their names. Those that start with `_` or `.` are passed over.
///
/// # Errors
/// A store that does not answer or refuses, nothing there, or a kind that is not read.
pub fn inputs(addresses: &[String]) -> Result<Vec<Input>, Diagnostic> {
    let mut out = Vec::new();
    for address in addresses {
        let place = Place::of(address)?;
        match size(&place)? {
            Some(bytes) => out.push(input(&place, &place.key, bytes)?),
            None => folder(&place, &mut out)?,
        }
    }
    Ok(out)
}

fn folder(place: &Place, out: &mut Vec<Input>) -> Result<(), Diagnostic> {
    let (store, key) = (Arc::clone(&place.store), place.key.clone());
    let mut found = waited(place, "be listed", async move {
        store.list(Some(&key)).map_ok(|m| (m.location, m.size)).try_collect::<Vec<_>>().await
    })?;
    found.sort();
    let before = out.len();
    for (key, bytes) in found {
        let below = key.prefix_match(&place.key).map(|parts| parts.collect::<Vec<_>>());
        let hidden = |p: &object_store::path::PathPart<'_>| p.as_ref().starts_with(['_', '.']);
        if bytes > 0 && below.is_some_and(|parts| !parts.iter().any(hidden)) {
            out.push(input(place, &key, bytes)?);
        }
    }
    if out.len() == before {
        return Err(
            place.broken("be read", &Error::NotFound { path: String::new(), source: "".into() })
        );
    }
    Ok(())
}

fn input(place: &Place, key: &Key, bytes: u64) -> Result<Input, Diagnostic> {
    let address = format!("{}/{}", place.root, key.as_ref());
    let path = PathBuf::from(&address);
    let (format, _) = Format::of(&path)?;
    let below =
        key.prefix_match(&place.key).map(|parts| parts.collect::<Vec<_>>()).unwrap_or_default();
    let partition = |p: &object_store::path::PathPart<'_>| {
        p.as_ref().split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned()))
    };
    let folders = below.len().saturating_sub(1);
    let partitions = below[..folders].iter().filter_map(partition).collect();
    let lies = Lies::Remote(remote(&address, bytes)?);
    Ok(Input { path, format, bytes, partitions, lies })
}

/// A file of a store, by range.
struct Object {
    place: Place,
    bytes: u64,
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} bytes)", shown(&self.place.address), self.bytes)
    }
}

impl Remote for Object {
    fn ranges(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>> {
        let (store, key, ranges) =
            (Arc::clone(&self.place.store), self.place.key.clone(), ranges.to_vec());
        let found = wait(async move { store.get_ranges(&key, &ranges).await })?;
        found.map_err(|e| {
            let d = self.place.broken("be read", &e);
            io::Error::other(format!("{}; {}", d.message, d.help))
        })
    }
}

/// A file of this length at an address.
///
/// # Errors
/// It is no address, or its store cannot be opened.
pub fn remote(address: &str, bytes: u64) -> Result<Arc<dyn Remote>, Diagnostic> {
    Ok(Arc::new(Object { place: Place::of(address)?, bytes }))
}

/// True where something lies at an address.
///
/// # Errors
/// The store does not answer or refuses.
pub fn exists(address: &str) -> Result<bool, Diagnostic> {
    Ok(size(&Place::of(address)?)?.is_some())
}

/// The length of what lies at a place, if it is a file.
fn size(place: &Place) -> Result<Option<u64>, Diagnostic> {
    let (store, key) = (Arc::clone(&place.store), place.key.clone());
    if key.as_ref().is_empty() || place.address.ends_with('/') {
        return Ok(None);
    }
    waited(place, "be read", async move {
        match store.head(&key).await {
            Err(Error::NotFound { .. }) => Ok(None),
            other => other.map(|m| Some(m.size)),
        }
    })
}

/// Sends a file to an address; nothing is there before all of it is.
///
/// # Errors
/// The file cannot be read, or the store does not answer or refuses.
pub fn put(address: &str, file: &Path) -> Result<(), Diagnostic> {
    let place = Place::of(address)?;
    let (store, key, file) = (Arc::clone(&place.store), place.key.clone(), file.to_path_buf());
    waited(&place, "be written", async move {
        let local = |e: io::Error| Error::Generic { store: "disk", source: Box::new(e) };
        let mut source = tokio::fs::File::open(&file).await.map_err(local)?;
        let length = source.metadata().await.map_err(local)?.len();
        use tokio::io::AsyncReadExt;
        if length <= PIECE_BYTES as u64 {
            let mut all = Vec::new();
            source.read_to_end(&mut all).await.map_err(local)?;
            return store.put(&key, all.into()).await.map(|_| ());
        }
        let mut upload =
            WriteMultipart::new_with_chunk_size(store.put_multipart(&key).await?, PIECE_BYTES);
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let n = source.read(&mut piece).await.map_err(local)?;
            if n == 0 {
                break;
            }
            upload.wait_for_capacity(4).await?;
            upload.write(&piece[..n]);
        }
        upload.finish().await.map(|_| ())
    })
}

/// A folder in which a result is made before it is sent to a store.
pub struct Staging(tempfile::TempDir);

impl Staging {
    /// An empty folder; it goes away with this value.
    ///
    /// # Errors
    /// None can be made.
    pub fn new() -> Result<Staging, Diagnostic> {
        let folder = tempfile::Builder::new().prefix("comity-result-").tempdir();
        Ok(Staging(folder.map_err(|e| unwritable(&std::env::temp_dir(), e))?))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Sends every file below the folder to an address, the one of the name `last` as the
    /// last of all: where it is, the result is whole.
    ///
    /// # Errors
    /// A file cannot be read, or the store does not answer or refuses.
    pub fn deliver(&self, address: &str, last: &str) -> Result<(), Diagnostic> {
        let mut files = Vec::new();
        below(self.path(), &mut files).map_err(|e| unreadable(self.path(), e))?;
        files.sort_by_key(|f| (f.file_name().is_some_and(|n| n == last), f.clone()));
        for file in files {
            let name = file.strip_prefix(self.path()).unwrap_or(&file).display().to_string();
            put(&format!("{}/{name}", address.trim_end_matches('/')), &file)?;
        }
        Ok(())
    }
}

fn below(folder: &Path, out: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            below(&path, out)?;
        } else {
            out.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_folder_are_found_with_what_their_folders_say() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["year=2014/b.parquet", "year=2014/a.parquet", "_log/x.parquet", ".hid.csv"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"0123456789").unwrap();
        }
        let address = format!("file://{}", folder.path().display());
        let found = inputs(&[address.clone()]).unwrap();
        let names: Vec<String> = found.iter().map(Input::name).collect();
        let name = |n: &str| format!("{address}/year=2014/{n}.parquet");
        assert_eq!(names, [name("a"), name("b")]);
        assert_eq!(found[0].partitions, [("year".to_owned(), "2014".to_owned())]);
        let Lies::Remote(file) = &found[0].lies else { panic!("it lies in a store") };
        let got = file.ranges(&[2..4, 8..10]).unwrap();
        assert_eq!(got, [Bytes::from("23"), Bytes::from("89")]);

        let one = inputs(&[name("a")]).unwrap();
        assert_eq!((one.len(), one[0].bytes, one[0].partitions.len()), (1, 10, 0));
    }

    #[test]
    fn a_result_arrives_with_its_receipt_last() {
        let staging = Staging::new().unwrap();
        std::fs::create_dir(staging.path().join("rows")).unwrap();
        for name in ["a.csv", "receipt.json", "rows/part.parquet"] {
            std::fs::write(staging.path().join(name), name).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let address = format!("file://{}/out", folder.path().display());
        assert!(!exists(&format!("{address}/receipt.json")).unwrap());
        staging.deliver(&address, "receipt.json").unwrap();
        assert!(exists(&format!("{address}/receipt.json")).unwrap());
        let rows = folder.path().join("out/rows/part.parquet");
        assert_eq!(std::fs::read_to_string(rows).unwrap(), "rows/part.parquet");
    }

    #[test]
    fn what_is_no_store_or_holds_a_secret_is_refused_without_showing_it() {
        for address in [
            "s3://user:secret@bucket/key.parquet",
            "https://account.blob.core.windows.net/c/key.parquet?sig=secret",
            "memory:///key.parquet",
            "nothing://bucket/key.parquet",
            "s3://",
        ] {
            let d = inputs(&[address.to_owned()]).err().unwrap();
            assert_eq!(d.code, "unreadable-store");
            assert!(!d.to_string().contains("secret"), "{d}");
        }
        let d = inputs(&["file:///no/such/folder".to_owned()]).err().unwrap();
        assert!(d.message.contains("file:///no/such/folder"), "{d}");
    }

    #[test]
    fn bodies_and_queries_are_not_shown() {
        let source =
            "GET http://host/b/k?X-Signature=secret in 3ms - 403: <Error><Key>secret</Key>";
        let e = Error::Generic { store: "S3", source: source.into() };
        let said = cause(&e);
        assert!(said.contains("http://host/b/k") && said.contains("403"), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
}
