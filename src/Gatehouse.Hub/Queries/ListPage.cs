namespace Gatehouse.Hub.Queries;

/// <summary>A page of rows as it fills, and where the next one goes on.</summary>
internal sealed class ListPage : IDisposable
{
    private readonly string fingerprint;
    private readonly int maxBytes;
    private readonly int wanted;
    private readonly int left;

    internal ListPage(string fingerprint, int pageItems, int maxBytes, Continuation? from, int? top)
    {
        (this.fingerprint, this.maxBytes) = (fingerprint, maxBytes);
        left = from?.Left ?? top ?? -1;
        wanted = left < 0 ? pageItems : Math.Min(pageItems, left);
        Place = (from?.Device ?? "", from?.Module ?? "");
    }

    internal Answer Answer { get; } = new();

    /// <summary>Last row that was taken or passed.</summary>
    internal (string Device, string Module) Place { get; private set; }

    /// <summary>Rows that still fit.</summary>
    internal int Left => wanted - Answer.Count;

    /// <summary>There is another row, and no room for it.</summary>
    internal bool IsFull { get; private set; }

    /// <summary>Null when this is the last page.</summary>
    internal string? Continuation => IsFull && left != Answer.Count ? new Continuation(fingerprint, Place.Device, Place.Module, left < 0 ? -1 : left - Answer.Count, 0).Encode() : null;

    /// <summary>Takes a row, which the caller then writes; false when the page is full, and the row is left to the next one.</summary>
    internal bool TryTake(string device, string module)
    {
        if (Answer.Count == wanted || (Answer.Count > 0 && Answer.Length >= maxBytes))
        {
            IsFull = true;
            return false;
        }

        Place = (device, module);
        return true;
    }

    /// <summary>Goes past a row that is not part of the answer.</summary>
    internal void Pass(string device, string module) => Place = (device, module);

    internal ReadOnlyMemory<byte> Complete() => Answer.Complete();

    public void Dispose() => Answer.Dispose();
}
