using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Links;

/// <summary>Ends things of a link's connection at the server's wish, as faults that a client must survive. Safe from any thread.</summary>
public static class LinkFaults
{
    /// <summary>Cuts the connection without a word.</summary>
    public static void AbortConnection(this AmqpLink link, string reason)
    {
        ArgumentNullException.ThrowIfNull(link);
        link.Session.Connection.Abort(reason);
    }

    /// <summary>Closes the connection, with an error or without.</summary>
    public static void CloseConnection(this AmqpLink link, AmqpError? error, string reason)
    {
        ArgumentNullException.ThrowIfNull(link);
        link.Session.Connection.Close(error, reason);
    }

    /// <summary>Ends the session of the link.</summary>
    public static void EndSession(this AmqpLink link, AmqpError error)
    {
        ArgumentNullException.ThrowIfNull(link);
        ArgumentNullException.ThrowIfNull(error);
        var connection = link.Session.Connection;
        List<AmqpLink>? gone = null;
        lock (connection.Gate)
        {
            connection.EndSession(link.Session, error.Condition, error.Description ?? "", ref gone);
        }

        Connections.AmqpConnection.Notify(gone);
        connection.Output.ScheduleFlush();
    }

    /// <summary>Detaches the links of the whole connection that are chosen.</summary>
    /// <param name="link">A link of the connection.</param>
    /// <param name="isChosen">By the address that the peer wrote (see <see cref="AmqpOptions.KeepLinkAddresses"/>), and whether it sends.</param>
    /// <param name="error">What they are told.</param>
    public static void DetachLinks(this AmqpLink link, Func<string, bool, bool> isChosen, AmqpError error)
    {
        ArgumentNullException.ThrowIfNull(link);
        ArgumentNullException.ThrowIfNull(isChosen);
        foreach (var each in link.Session.Connection.AttachedLinks())
        {
            if (isChosen(each.Address, each.PeerSends))
            {
                each.Detach(error);
            }
        }
    }
}
