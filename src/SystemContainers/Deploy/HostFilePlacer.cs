using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Oci;
using SystemContainers.Render;

namespace SystemContainers.Deploy;

/// <summary>
/// The files below the image's /exports/hostfs on the host. A directory is shared with whoever has it already; a file or
/// link must be new, for what somebody else owns is never overwritten.
/// </summary>
sealed class HostFilePlacer(Host host)
{
    /// <summary>The largest host file that is installed, in bytes: programs such as etcdctl, not data.</summary>
    private const int MaxBytes = 256 << 20;

    /// <summary>Refuses what stands on the host already; changes nothing.</summary>
    /// <exception cref="SysctrException">Conflict: names the first such file.</exception>
    public void CheckFree(IEnumerable<HostFile> files)
    {
        foreach (HostFile file in files.Where(f => f.Kind != ImageFileKind.Directory))
        {
            string path = Path.Join(host.Root, file.Target);
            if (Path.Exists(path) || new FileInfo(path).LinkTarget is not null)
            {
                throw new SysctrException(
                    ErrorKind.Conflict, $"installing {path} from {file.Source}: it is there and belongs to somebody else",
                    "move it away first");
            }
        }
    }

    /// <summary>The content that is going to be written; the target's text for a symbolic link.</summary>
    public static byte[] Content(HostFile file, IImageFiles image) => file.Kind switch
    {
        ImageFileKind.Symlink => Encoding.UTF8.GetBytes(file.LinkTarget!),
        _ => file.Content ?? image.Read(image.Find(file.Source)!, MaxBytes),
    };

    /// <summary>Writes one of them, durably, with owner and mode.</summary>
    public void Place(HostFile file, IImageFiles image)
    {
        string path = Path.Join(host.Root, file.Target);
        UnixFileMode mode = (UnixFileMode)file.Mode;
        switch (file.Kind)
        {
            case ImageFileKind.Directory when Directory.Exists(path):
                break;
            case ImageFileKind.Directory:
                DurableFile.MakeDirectory(path, mode, (file.Uid, file.Gid));
                break;
            case ImageFileKind.Symlink:
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.CreateSymbolicLink(path, file.LinkTarget!);
                DurableFile.SyncDirectory(Path.GetDirectoryName(path)!);
                break;
            default:
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                DurableFile.Write(path, Content(file, image), mode, (file.Uid, file.Gid));
                break;
        }
    }
}
