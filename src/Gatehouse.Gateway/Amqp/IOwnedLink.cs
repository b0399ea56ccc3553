namespace Gatehouse.Gateway.Amqp;

/// <summary>A link of which a device has one at a time.</summary>
internal interface IOwnedLink
{
    LinkStanding Standing { get; }

    /// <summary>A newer one has taken over: end with <c>amqp:link:stolen</c>.</summary>
    void Displace();
}
