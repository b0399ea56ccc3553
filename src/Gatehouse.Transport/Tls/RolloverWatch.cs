namespace Gatehouse.Transport.Tls;

/// <summary>Where handshakes report what became of our certificates; read by the rollover.</summary>
internal sealed class RolloverWatch
{
    private volatile HandshakeTally _present = new();
    private volatile HandshakeTally _next = new();

    public HandshakeTally Present => _present;

    public HandshakeTally Next => _next;

    public HandshakeTally Of(bool isNext) => isNext ? _next : _present;

    /// <summary>A change was staged: both are counted anew.</summary>
    public void Begin() => (_present, _next) = (new HandshakeTally(), new HandshakeTally());

    /// <summary>It is shown to others than before.</summary>
    public void BeginNext() => _next = new HandshakeTally();
}
