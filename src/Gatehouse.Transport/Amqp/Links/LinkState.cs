namespace Gatehouse.Transport.Amqp.Links;

/// <summary>Life of a link, from the peer's attach on.</summary>
internal enum LinkState
{
    /// <summary>A door is deciding.</summary>
    Attaching,

    Attached,

    /// <summary>We detached; what still arrives for the handle is ignored until the peer's detach frees it.</summary>
    DetachSent,

    /// <summary>Both sides are done.</summary>
    Closed,
}
