using Gatehouse.Hub.Files;

namespace Gatehouse.ServiceApi.Operator.Files;

/// <summary>A file of the embedded endpoint in answers.</summary>
internal sealed record FileJson(string Name, long Size, string ContentType, DateTimeOffset LastUpdatedTime)
{
    internal static FileJson From(UploadedFile file) => new(file.Name, file.Size, file.ContentType, new DateTimeOffset(file.Changed, TimeSpan.Zero));
}
