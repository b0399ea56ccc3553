using Gatehouse.Identity.Peers;
using Xunit;

namespace Gatehouse.Identity.Tests.Peers;

public sealed class OneOrManyTests
{
    [Fact]
    public void It_holds_what_a_set_holds_whatever_is_done_to_both()
    {
        var random = new Random(7);
        object[] things = [new(), new(), new(), new()];
        for (var run = 0; run < 200; run++)
        {
            var held = default(OneOrMany<object>);
            var wanted = new HashSet<object>();
            for (var step = 0; step < 40; step++)
            {
                var thing = things[random.Next(things.Length)];
                switch (random.Next(20))
                {
                    case 0:
                        held.Clear();
                        wanted.Clear();
                        break;
                    case < 9:
                        held.Remove(thing);
                        wanted.Remove(thing);
                        break;
                    default:
                        held.Add(thing);
                        wanted.Add(thing);
                        break;
                }

                Assert.Equal(wanted.Count, held.Count);
                Assert.Equal(wanted.Count, held.Items.Count);
                Assert.True(wanted.SetEquals(held.Items));
            }
        }
    }
}
