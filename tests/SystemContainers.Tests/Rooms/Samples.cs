// SPDX-License-Identifier: Apache-2.0

// A namespace that uses another one in one way alone, for each way: what SymbolUses has to find.
namespace SystemContainers.Tests.Rooms.Samples.UsedBase
{
    abstract class Used;
}

namespace SystemContainers.Tests.Rooms.Samples.ByBase
{
    abstract class User : UsedBase.Used;
}

namespace SystemContainers.Tests.Rooms.Samples.UsedInterface
{
    interface IUsed;
}

namespace SystemContainers.Tests.Rooms.Samples.ByInterface
{
    abstract class User : IEquatable<UsedInterface.IUsed>
    {
        public abstract bool Equals(UsedInterface.IUsed? other);
    }
}

namespace SystemContainers.Tests.Rooms.Samples.UsedConstraint
{
    interface IUsed;
}

namespace SystemContainers.Tests.Rooms.Samples.ByConstraint
{
    abstract class User<T>
        where T : UsedConstraint.IUsed;
}

namespace SystemContainers.Tests.Rooms.Samples.UsedField
{
    enum Used
    {
        One,
    }
}

namespace SystemContainers.Tests.Rooms.Samples.ByField
{
    abstract class User
    {
        public UsedField.Used[]? All { get; init; }
    }
}

namespace SystemContainers.Tests.Rooms.Samples.UsedParameter
{
    abstract class Used<T>;
}

namespace SystemContainers.Tests.Rooms.Samples.ByParameter
{
    interface IUser
    {
        void Take(ref readonly UsedParameter.Used<int> used);
    }
}

namespace SystemContainers.Tests.Rooms.Samples.UsedArgument
{
    abstract class Used;
}

namespace SystemContainers.Tests.Rooms.Samples.ByArgument
{
    interface IUser
    {
        Task<IReadOnlyDictionary<string, UsedArgument.Used[]>> GiveAsync();
    }
}

namespace SystemContainers.Tests.Rooms.Samples.UsedMark
{
    [AttributeUsage(AttributeTargets.Class)]
    sealed class UsedAttribute : Attribute;
}

namespace SystemContainers.Tests.Rooms.Samples.ByMark
{
    [UsedMark.Used]
    abstract class User;
}

namespace SystemContainers.Tests.Rooms.Samples.UsedNamed
{
    abstract class Used
    {
        internal abstract class Inner;
    }
}

namespace SystemContainers.Tests.Rooms.Samples.ByNamed
{
    [System.Diagnostics.DebuggerTypeProxy(typeof(List<UsedNamed.Used.Inner>))]
    abstract class User;
}

namespace SystemContainers.Tests.Rooms.Samples.UsedCall
{
    static class Used
    {
        public static int Answer(int number) => number + 1;
    }
}

namespace SystemContainers.Tests.Rooms.Samples.ByCall
{
    static class User
    {
        public static int Ask(string text) =>
            text switch
            {
                "one" => 1,
                "two" => 2,
                "three" => 3,
                "four" => 4,
                "five" => 5,
                "six" => 6,
                "seven" => 7,
                _ => UsedCall.Used.Answer(0),
            };
    }
}

namespace SystemContainers.Tests.Rooms.Samples.UsedGeneric
{
    abstract class Used;
}

namespace SystemContainers.Tests.Rooms.Samples.ByGeneric
{
    static class User
    {
        public static object None() => Array.Empty<UsedGeneric.Used>();
    }
}

namespace SystemContainers.Tests.Rooms.Samples.UsedInstance
{
    abstract class Used;
}

namespace SystemContainers.Tests.Rooms.Samples.ByInstance
{
    static class User
    {
        public static object Make() => new List<UsedInstance.Used>();
    }
}

namespace SystemContainers.Tests.Rooms.Samples.UsedCast
{
    abstract class Used;
}

namespace SystemContainers.Tests.Rooms.Samples.ByCast
{
    static class User
    {
        public static bool Is(object thing) => thing is UsedCast.Used;
    }
}

namespace SystemContainers.Tests.Rooms.Samples.UsedCaught
{
    sealed class UsedException : Exception;
}

namespace SystemContainers.Tests.Rooms.Samples.ByCaught
{
    static class User
    {
        public static void Try(Action action)
        {
            try
            {
                action();
            }
            catch (UsedCaught.UsedException) { }
        }
    }
}

namespace SystemContainers.Tests.Rooms.Samples.UsedLambda
{
    static class Used
    {
        public static int Answer { get; set; }
    }
}

namespace SystemContainers.Tests.Rooms.Samples.ByLambda
{
    static class User
    {
        public static Func<Task<int>> Later() =>
            async () =>
            {
                await Task.Yield();
                return UsedLambda.Used.Answer;
            };
    }
}
